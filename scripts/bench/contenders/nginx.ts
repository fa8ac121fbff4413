import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { GZIP_LEVEL, HOST, type Place } from "../setup.ts";
import { type Contender, daemon, versionOf } from "./contender.ts";

const NGINX = daemon("nginx");

export function nginxVersion(): Promise<string | undefined> {
  return versionOf(NGINX, "-v");
}

/** nginx as people set it up for speed: one worker, connections upstream kept. */
export async function nginx(): Promise<Contender> {
  return {
    name: "nginx",
    version: await nginxVersion(),
    cores: 1,
    takes: ({ routesBefore }) => routesBefore === undefined,
    command: (place) => nginxConfig(place.dir, server(place), place.setup.observed ? "access.log" : undefined),
  };
}

function server({ port, originPort, setup, pem }: Place): string {
  const isTls = setup.downstream !== "plain";
  const listen = `listen 127.0.0.1:${port}${isTls ? " ssl" : ""}${setup.downstream === "h2" ? " http2" : ""} backlog=4096;`;
  const tls = isTls
    ? `ssl_certificate ${pem.cert}; ssl_certificate_key ${pem.key}; ssl_session_cache shared:bench:10m;`
    : "";
  const scheme = setup.upstreamTls ? "https" : "http";
  const upstreamTls = setup.upstreamTls
    ? `proxy_ssl_verify on; proxy_ssl_trusted_certificate ${pem.ca}; proxy_ssl_name ${HOST}; proxy_ssl_server_name on;`
    : "";
  const edits = setup.observed ? "proxy_set_header X-Edited up; add_header X-Edited down;" : "";
  const encoding = setup.encodes
    ? `gzip on; gzip_comp_level ${GZIP_LEVEL}; gzip_proxied any; gzip_types text/plain;`
    : "";
  return `
    map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
    upstream origin { server 127.0.0.1:${originPort}; keepalive 256; keepalive_requests 1000000000; }
    server {
      ${listen}
      ${tls}
      client_max_body_size 0;
      location / {
        proxy_pass ${scheme}://origin;
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $connection_upgrade;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header X-Forwarded-Host $http_host;
        proxy_request_buffering off;
        proxy_read_timeout 1h;
        ${upstreamTls}
        ${edits}
        ${encoding}
      }
    }`;
}

/** Writes a configuration of one worker, and returns the command that runs it. */
export async function nginxConfig(dir: string, http: string, accessLog?: string): Promise<readonly string[]> {
  const file = join(dir, "nginx.conf");
  // Started by root, its worker runs as another user and must be able to read the folder.
  await chmod(dir, 0o755);
  await Bun.write(
    file,
    `worker_processes 1;
worker_rlimit_nofile 100000;
daemon off;
pid ${dir}/nginx.pid;
error_log ${dir}/error.log;
events { worker_connections 50000; }
http {
    access_log ${accessLog === undefined ? "off" : join(dir, accessLog)};
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    keepalive_timeout 300s;
    client_body_temp_path ${dir}/body;
    proxy_temp_path ${dir}/proxy;
    fastcgi_temp_path ${dir}/fastcgi;
    uwsgi_temp_path ${dir}/uwsgi;
    scgi_temp_path ${dir}/scgi;
${http}
}
`,
  );
  return [NGINX, "-c", file, "-p", dir];
}
