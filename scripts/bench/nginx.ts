import { chmod } from "node:fs/promises";
import { join } from "node:path";

/** Writes a configuration of one worker that logs nothing, and returns the command that runs it. */
export async function nginxConfig(nginx: string, dir: string, server: string): Promise<readonly string[]> {
  const file = join(dir, "nginx.conf");
  // Started by root, its worker runs as another user and must be able to read the folder.
  await chmod(dir, 0o755);
  await Bun.write(
    file,
    `worker_processes 1;
daemon off;
pid ${dir}/nginx.pid;
error_log ${dir}/error.log;
events { worker_connections 4096; }
http {
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    keepalive_timeout 300s;
    client_body_temp_path ${dir}/body;
    proxy_temp_path ${dir}/proxy;
    fastcgi_temp_path ${dir}/fastcgi;
    uwsgi_temp_path ${dir}/uwsgi;
    scgi_temp_path ${dir}/scgi;
${server}
}
`,
  );
  return [nginx, "-c", file, "-p", dir];
}
