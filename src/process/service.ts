import type { Config } from "../config/model.ts";
import type { Log } from "../observe/log.ts";
import { BufferBudget } from "../proxy/budget.ts";
import { Engine } from "../proxy/engine.ts";
import { Gateway, type GatewayCtx } from "../proxy/gateway.ts";
import type { BridgeData } from "../proxy/bridge.ts";
import { Lanes } from "../proxy/lanes.ts";
import { WebSocketProxy } from "../proxy/websocket-proxy.ts";
import { HealthChecker } from "../upstream/health.ts";

/** Answers being gathered may hold this much together in one worker; past it they are streamed. */
const RESPONSE_BUFFER_TOTAL_BYTES = 64 * 1024 * 1024;

/** Everything that one configuration brings to life behind the listeners. Owns its timers and pools. */
export class Service implements Disposable {
  readonly engine: Engine<GatewayCtx>;
  readonly #lanes = new Lanes();
  readonly #webSockets: WebSocketProxy;
  readonly #healthCheckers: readonly HealthChecker[];

  constructor(config: Config, log: Log) {
    const gateway = new Gateway(config.routes, log);
    const maxMessageBytes = Math.max(0, ...gateway.routes.map((route) => route.config.websocket.maxMessageBytes));
    this.#webSockets = new WebSocketProxy(maxMessageBytes, log);
    this.engine = new Engine(gateway, {
      log,
      lanes: this.#lanes,
      budget: new BufferBudget(RESPONSE_BUFFER_TOTAL_BYTES),
      maxAttempts: Math.max(1, ...gateway.routes.map((route) => route.config.maxAttempts)),
      webSockets: this.#webSockets,
    });
    this.#healthCheckers = gateway.routes.map(
      (route) => new HealthChecker(route.peers, route.config.healthCheckIntervalMs, log),
    );
  }

  /** For every listener's Bun.serve. */
  get webSocketHandler(): Bun.WebSocketHandler<BridgeData> {
    return this.#webSockets.handler;
  }

  /** Starts what runs by itself: health checks. */
  start(): void {
    for (const checker of this.#healthCheckers) checker.start();
  }

  /** Asks every open WebSocket, both ends, to go: 1001 (RFC 6455 7.4.1). */
  sendWebSocketsAway(): void {
    this.#webSockets.sendAway();
  }

  [Symbol.dispose](): void {
    for (const checker of this.#healthCheckers) checker[Symbol.dispose]();
    this.#webSockets[Symbol.dispose]();
    this.#lanes[Symbol.dispose]();
  }
}
