import { join } from "node:path";
import type { Contender } from "./contender.ts";

/** The least a proxy on Bun can do. */
export async function floor(): Promise<Contender> {
  return {
    name: "floor",
    version: `Bun ${Bun.version}`,
    cores: 1,
    takes: ({ observed, routesBefore, encodes }) => !observed && !encodes && routesBefore === undefined,
    command: async ({ port, originPort, setup, pem }) => [
      process.execPath,
      join(import.meta.dir, "../programs/floor.ts"),
      String(port),
      `${setup.upstreamTls ? "https" : "http"}://127.0.0.1:${originPort}`,
      setup.downstream,
      pem.cert,
      pem.key,
      pem.ca,
    ],
  };
}
