import { join } from "node:path";
import type { Contender } from "./contenders.ts";
import { ANSWERS, ROUTED_HOST } from "./scenarios.ts";

const FEW = 10;
const MANY = 1_000;

interface Route {
  readonly host: string;
  readonly path: string;
}

/** So many routes by host and path of which one, at `place`, is the one that is asked for. */
function routes(count: number, place: number): readonly Route[] {
  return Array.from({ length: count }, (_, i) =>
    i === place ? { host: ROUTED_HOST, path: ANSWERS.hello.path } : { host: `h${i % 50}.example`, path: `/p${i}/*` },
  );
}

/** gatekeeper before a few routes of which the first is asked for, and before many of which the last is. */
export function routed(gatekeeper: Contender, binary: string): readonly Contender[] {
  const variant = (name: string, list: readonly Route[]): Contender => ({
    name,
    version: gatekeeper.version,
    async command({ port, originPort, dir }) {
      const file = join(dir, "gatekeeper.yaml");
      const lines = list.map(
        ({ host, path }) =>
          `  - match: { host: ${host}, path: ${JSON.stringify(path)} }\n    upstreams: 127.0.0.1:${originPort}\n`,
      );
      await Bun.write(file, `bind: 127.0.0.1:${port}\nroutes:\n${lines.join("")}`);
      return [binary, "-c", file];
    },
  });
  return [
    variant(`${gatekeeper.name}, first of ${FEW}`, routes(FEW, 0)),
    variant(`${gatekeeper.name}, last of ${MANY}`, routes(MANY, MANY - 1)),
  ];
}

/** Caddy before the same routes: it walks the list. */
export function caddyRouted(caddy: Contender): readonly Contender[] {
  const variant = (name: string, list: readonly Route[]): Contender => ({
    ...caddy,
    name,
    async command({ port, originPort, dir }) {
      const file = join(dir, "Caddyfile");
      const blocks = list.map(
        ({ host, path }, i) =>
          `\t@r${i} {\n\t\thost ${host}\n\t\tpath ${path}\n\t}\n\thandle @r${i} {\n\t\treverse_proxy 127.0.0.1:${originPort}\n\t}\n`,
      );
      const text = `{\n\tadmin off\n\tauto_https off\n}\nhttp://:${port} {\n\troute {\n${blocks.join("")}\t}\n}\n`;
      await Bun.write(file, text);
      return ["caddy", "run", "--config", file, "--adapter", "caddyfile"];
    },
  });
  return [variant(`caddy, first of ${FEW}`, routes(FEW, 0)), variant(`caddy, last of ${MANY}`, routes(MANY, MANY - 1))];
}
