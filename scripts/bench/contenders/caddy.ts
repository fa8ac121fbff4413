import { join } from "node:path";
import { HOST, otherRoutes, type Place } from "../setup.ts";
import { type Contender, versionOf } from "./contender.ts";

export async function caddy(): Promise<Contender> {
  return {
    name: "caddy",
    version: await versionOf("caddy", "version"),
    cores: 1,
    takes: () => true,
    // One core is what it gets; without this Go starts a scheduler for every core of the machine.
    env: { GOMAXPROCS: "1" },
    async command(place) {
      const file = join(place.dir, "Caddyfile");
      await Bun.write(file, caddyfile(place));
      return ["caddy", "run", "--config", file, "--adapter", "caddyfile"];
    },
  };
}

function caddyfile({ port, originPort, dir, setup, pem }: Place): string {
  const upstream = `${setup.upstreamTls ? "https://" : ""}127.0.0.1:${originPort}`;
  const transport = setup.upstreamTls
    ? `transport http {\n tls_server_name ${HOST}\n tls_trusted_ca_certs ${pem.ca}\n}\n`
    : "";
  const edits = setup.observed
    ? "header_up X-Edited up\nheader_down X-Edited down\nhealth_uri /\nhealth_interval 1s\n"
    : "";
  const proxy = `reverse_proxy ${upstream} {\n${transport}${edits}flush_interval 0\n}`;
  const log = setup.observed ? `log {\n output file ${join(dir, "access.log")}\n}\n` : "";
  const encoding = setup.encodes ? "encode gzip\n" : "";
  const protocols = setup.downstream === "h2" ? "h1 h2" : "h1";
  const scheme = setup.downstream === "plain" ? "http" : "https";
  const tls = setup.downstream === "plain" ? "" : `tls ${pem.cert} ${pem.key}\n`;
  return `{
admin off
auto_https off
servers {
protocols ${protocols}
}
}
${scheme}://:${port} {
${log}${tls}route {
${encoding}${routes(setup.routesBefore, proxy)}
}
}
`;
}

/** Caddy walks its list. */
function routes(before: number | undefined, proxy: string): string {
  if (before === undefined) return proxy;
  return [...otherRoutes(before), { host: HOST, path: "/*" }]
    .map(({ host, path }, i) => `@r${i} {\nhost ${host}\npath ${path}\n}\nhandle @r${i} {\n${proxy}\n}\n`)
    .join("");
}
