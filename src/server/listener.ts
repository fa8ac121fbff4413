import type { ListenAddress, ListenerConfig } from "../config/model.ts";
import type { Awaitable } from "../proxy/awaitable.ts";
import { type Downstream, MOST_IDLE_SECONDS } from "../proxy/session.ts";

/** What a listener hands each request to. Swapped as a whole on reload. */
export interface Handler {
  serve(request: Request, downstream: Downstream): Awaitable<Response | undefined>;
}

/** How often a draining listener looks whether all is over. */
const LOOK_INTERVAL_MS = 20;
/**
 * So long it stays when no request is open: over HTTP/2 the last bytes of an answer may still be on their way to the
 * client then, and Bun tells nothing of them (1.4.5).
 */
const LINGER_MS = 2_000;

/** One address that takes traffic: the only Bun.serve for traffic. */
export class Listener<SocketData> {
  readonly config: ListenerConfig;
  readonly #server: Bun.Server<SocketData>;

  /**
   * Listens at once.
   *
   * @throws Bun's error with code EADDRINUSE, EACCES or EADDRNOTAVAIL where that is not possible
   */
  constructor(config: ListenerConfig, handler: () => Handler, websocket: Bun.WebSocketHandler<SocketData>) {
    this.config = config;
    const idleTimeoutSeconds = Math.min(Math.ceil(config.clientIdleTimeoutMs / 1000), MOST_IDLE_SECONDS);
    const { maxRequestBodyBytes } = config;
    const facts = { secure: config.tls !== undefined, idleTimeoutSeconds, maxRequestBodyBytes };
    // Requests cannot come before `server` is there: Bun.serve returns before the event loop turns.
    const downstream = facts as typeof facts & { server: Bun.Server<unknown> };
    const { address } = config;
    const options = {
      idleTimeout: idleTimeoutSeconds,
      // Bun's own limit answers before the handler, and without a word of why: the engine keeps to the limit.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      // No page with our source on it.
      development: false,
      // Outside of development Bun shares the port unasked (1.4.5), and a second gatekeeper would start unseen.
      reusePort: false,
      ...(config.tls !== undefined && { tls: { cert: config.tls.cert, key: config.tls.key } }),
      ...(config.http2 && { http2: true }),
      fetch: (request: Request) => handler().serve(request, downstream),
      websocket,
    };
    this.#server =
      address.type === "unix"
        ? // bun-types know no idleTimeout beside `unix`; Bun 1.4.5 does.
          Bun.serve({ ...options, unix: address.path } as unknown as Bun.Serve.Options<SocketData>)
        : Bun.serve({ ...options, hostname: address.host, port: address.port });
    downstream.server = this.#server;
  }

  /** Where it really listens: the port that the system chose stands in for 0. */
  get address(): ListenAddress {
    const { address } = this.config;
    return address.type === "unix" ? address : { ...address, port: this.#server.port ?? address.port };
  }

  /** `http://127.0.0.1:8008`, `https://[::]:443`, `unix//run/x.sock`, for people to read. */
  get url(): string {
    const { address } = this;
    if (address.type === "unix") return `unix/${address.path}`;
    const host = address.host.includes(":") ? `[${address.host}]` : address.host;
    return `${this.config.tls === undefined ? "http" : "https"}://${host}:${address.port}`;
  }

  /** Requests and WebSockets that are open. */
  get open(): number {
    return this.#server.pendingRequests + this.#server.pendingWebSockets;
  }

  /**
   * Takes no new connections and ends idle ones; resolves when every request and WebSocket is over. Bun's own promise
   * would wait for ever for a connection on which no whole request has come: a TLS handshake, half a head (1.4.5).
   */
  async drain(): Promise<void> {
    const stopped = this.#server.stop(false).then(() => true);
    let lookedAtMs = performance.now();
    for (let leftMs = LINGER_MS; leftMs > 0;) {
      if (await Promise.race([stopped, Bun.sleep(LOOK_INTERVAL_MS).then(() => false)])) return;
      const nowMs = performance.now();
      leftMs = this.open > 0 ? LINGER_MS : leftMs - (nowMs - lookedAtMs);
      lookedAtMs = nowMs;
    }
    await this.close();
  }

  /** Ends everything now. */
  close(): Promise<void> {
    return this.#server.stop(true);
  }
}
