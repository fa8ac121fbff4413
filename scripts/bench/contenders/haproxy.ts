import { join } from "node:path";
import { HOST, type Place } from "../setup.ts";
import { type Contender, daemon, versionOf } from "./contender.ts";

const HAPROXY = daemon("haproxy");

/** HAProxy with one thread. */
export async function haproxy(): Promise<Contender> {
  return {
    name: "haproxy",
    version: await versionOf(HAPROXY, "-v"),
    cores: 1,
    takes: ({ observed, routesBefore, encodes }) => !observed && !encodes && routesBefore === undefined,
    async command(place) {
      const file = join(place.dir, "haproxy.cfg");
      const pem = join(place.dir, "both.pem");
      const [cert, key] = await Promise.all([place.pem.cert, place.pem.key].map((path) => Bun.file(path).text()));
      await Bun.write(pem, `${cert}${key}`);
      await Bun.write(file, config(place, pem));
      return [HAPROXY, "-db", "-f", file];
    },
  };
}

function config({ port, originPort, setup, pem }: Place, both: string): string {
  const alpn = setup.downstream === "h2" ? " alpn h2,http/1.1" : "";
  const bind = setup.downstream === "plain" ? "" : ` ssl crt ${both}${alpn}`;
  const tls = setup.upstreamTls ? ` ssl verify required ca-file ${pem.ca} verifyhost ${HOST} sni str(${HOST})` : "";
  return `global
  nbthread 1
defaults
  mode http
  option http-keep-alive
  http-reuse always
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  timeout tunnel 1h
frontend in
  bind 127.0.0.1:${port}${bind}
  option forwardfor
  http-request set-header X-Forwarded-Proto ${setup.downstream === "plain" ? "http" : "https"}
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  default_backend out
backend out
  server origin 127.0.0.1:${originPort}${tls}
`;
}
