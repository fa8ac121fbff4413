import { join } from "node:path";
import { freePort } from "../../scripts/bench/processes.ts";
import { listeningAt, startBinary, temporaryFolder } from "../helpers/binary.ts";
import { pythonWithWebsockets, required, serve, type Serving } from "./programs.ts";

const ORIGIN = join(import.meta.dir, "origin");

/** The article's set-up: a Node server with a WebSocket server on /up, and one of the two proxies before it. */
export interface Setting extends AsyncDisposable {
  /** `127.0.0.1:40123`, where the proxy serves. */
  readonly address: string;
  readonly webSocketServer: Serving;
}

export const PROXIES = ["gatekeeper", "caddy"] as const;
export type ProxyName = (typeof PROXIES)[number];

export async function startSetting(proxy: ProxyName): Promise<Setting> {
  await using stack = new AsyncDisposableStack();
  const python = await pythonWithWebsockets();
  const webSocketServer = stack.use(serve([python, join(ORIGIN, "echo.py")]));
  const webSocketPort = await webSocketServer.line(/^\d+$/);
  const origin = stack.use(serve([required("node"), join(ORIGIN, "server.mjs"), webSocketPort]));
  const upstream = `127.0.0.1:${await origin.line(/^\d+$/)}`;
  const address = proxy === "caddy" ? await startCaddy(stack, upstream) : await startGatekeeper(stack, upstream);
  const owned = stack.move();
  return { address, webSocketServer, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function startGatekeeper(stack: AsyncDisposableStack, upstream: string): Promise<string> {
  const run = stack.use(await startBinary(["--ba", "127.0.0.1:0", "--pa", upstream]));
  return `127.0.0.1:${(await listeningAt(run)).port}`;
}

async function startCaddy(stack: AsyncDisposableStack, upstream: string): Promise<string> {
  const folder = stack.use(temporaryFolder());
  const address = `127.0.0.1:${freePort()}`;
  const file = join(folder.path, "Caddyfile");
  await Bun.write(file, `{\n\tadmin off\n\tauto_https off\n}\nhttp://${address} {\n\treverse_proxy ${upstream}\n}\n`);
  const home = { XDG_CONFIG_HOME: folder.path, XDG_DATA_HOME: folder.path };
  // It logs to standard error; only that is of interest here.
  const command = `exec "$0" run --config "$1" --adapter caddyfile 2>&1`;
  const caddy = stack.use(serve(["sh", "-c", command, required("caddy"), file], home));
  await caddy.line(/serving initial configuration/);
  return address;
}
