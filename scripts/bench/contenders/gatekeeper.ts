import { join } from "node:path";
import { HOST, otherRoutes, type Place } from "../setup.ts";
import { type Contender, versionOf } from "./contender.ts";

/** gatekeeper by an executable, with one worker or two. */
export async function gatekeeper(name: string, binary: string, workers: 1 | 2): Promise<Contender> {
  return {
    name,
    version: await versionOf(binary, "--version"),
    cores: workers,
    takes: () => true,
    async command(place) {
      const file = join(place.dir, "gatekeeper.yaml");
      await Bun.write(file, JSON.stringify(config(place, workers), null, 1));
      return [binary, "-c", file];
    },
  };
}

function config({ port, originPort, dir, setup, pem }: Place, workers: number): object {
  const upstream = `${setup.upstreamTls ? "https://" : ""}127.0.0.1:${originPort}`;
  const listener = {
    address: `127.0.0.1:${port}`,
    ...(setup.downstream !== "plain" && {
      tls: { cert: pem.cert, key: pem.key },
      http2: setup.downstream === "h2",
    }),
  };
  const observing = setup.observed && {
    access_log: join(dir, "access.log"),
    request_header: { set: { "X-Edited": "up" } },
    header_down: { set: { "X-Edited": "down" } },
    hc_freq: 1,
  };
  const route = { upstreams: upstream, ...observing, ...(setup.encodes && { encode: "gzip" }) };
  const before = setup.routesBefore;
  const others = otherRoutes(before ?? 0).map((match) => ({ match, upstreams: upstream }));
  return {
    threads: workers,
    // As Caddy here: of two at once one would look for who has its port.
    admin: "off",
    listeners: [listener],
    ...(setup.upstreamTls && { ca_file: pem.ca, sni: HOST }),
    routes: [...others, before === undefined ? route : { match: { host: HOST, path: "/*" }, ...route }],
  };
}
