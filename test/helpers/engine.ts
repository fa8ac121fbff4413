import { BufferBudget } from "../../src/proxy/budget.ts";
import { Engine } from "../../src/proxy/engine.ts";
import { OpenStreams } from "../../src/proxy/open-streams.ts";
import { Lanes } from "../../src/proxy/lanes.ts";
import type { ProxyHttp } from "../../src/proxy/phases.ts";
import { WebSocketProxy } from "../../src/proxy/websocket-proxy.ts";
import { Listener } from "../../src/server/listener.ts";
import { Peer } from "../../src/upstream/peer.ts";
import { configWith, RecordingLog, reverseProxy } from "./proxy.ts";

/** A listener that serves by any phases, without a configuration. */
export interface EngineUnderTest extends AsyncDisposable {
  readonly port: number;
  readonly log: RecordingLog;
}

/** Serves by `phases` on a port of 127.0.0.1 that the system chooses; gathers answers of so many bytes in all. */
export function serveBy<Ctx>(phases: ProxyHttp<Ctx>, budgetBytes = 64 * 1024 * 1024): EngineUnderTest {
  const log = new RecordingLog();
  const lanes = new Lanes();
  const streams = new OpenStreams();
  const webSockets = new WebSocketProxy(streams, log);
  const budget = new BufferBudget(budgetBytes);
  const engine = new Engine(phases, { log, lanes, budget, webSockets, streams });
  const [config] = configWith({ upstreams: [] }).listeners;
  if (config === undefined) throw new Error("the default configuration has a listener");
  const listener = new Listener("test", config, { handler: engine, websocket: webSockets.handlerFor(1024 * 1024) });
  const { address } = listener;
  return {
    port: address.type === "tcp" ? address.port : 0,
    log,
    async [Symbol.asyncDispose]() {
      await listener.close();
      streams[Symbol.dispose]();
      webSockets[Symbol.dispose]();
      lanes[Symbol.dispose]();
    },
  };
}

/** A peer on a port of 127.0.0.1, with the default options. */
export function peerAt(port: number): Peer {
  const address = { type: "tcp", host: "127.0.0.1", port, tls: false } as const;
  return new Peer(address, reverseProxy([address]));
}
