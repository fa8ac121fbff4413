import type { ListenAddress, ListenerConfig } from "../config/model.ts";
import { compileTrustedProxies } from "../core/trust.ts";
import type { Awaitable } from "../proxy/awaitable.ts";
import type { Departure, Downstream } from "../proxy/downstream.ts";
import { MOST_IDLE_SECONDS } from "../proxy/session.ts";
import type { SocketName } from "./accept-gate.ts";
import { probePort } from "./port-probe.ts";
import { SocketFile } from "./unix-socket.ts";

/** What a listener hands its requests to. A reload puts another in its place. */
export interface Handler {
  serve(request: Request, downstream: Downstream): Awaitable<Response | undefined>;
}

/** What is behind a listener: its requests go to the one, its WebSockets to the other. */
export interface Service<SocketData> {
  readonly handler: Handler;
  readonly websocket: Bun.WebSocketHandler<SocketData>;
}

/** How a listener comes to its address. */
export interface Opening {
  /** Where it listens: the configured address, with the port that was chosen before for port 0. */
  readonly at: ListenAddress;
  /** Another listener of ours has this very address, in this process or another: a unix socket is taken over from it. */
  readonly isHeld: boolean;
  /** Another listener of ours may hold the port; without it a port that anyone holds is refused. */
  readonly isOurs: boolean;
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
  /** Its address as it is configured: what makes it the same one after a reload. */
  readonly name: string;
  readonly #server: Bun.Server<SocketData>;
  readonly #file: SocketFile | undefined;
  readonly #departure: Departure = { isNear: false };
  #config: ListenerConfig;
  #service: Service<SocketData>;
  #downstream: Downstream;

  /**
   * Listens at once.
   *
   * @throws Bun's error with code EADDRINUSE, EACCES or EADDRNOTAVAIL where that is not possible
   */
  constructor(
    name: string,
    config: ListenerConfig,
    service: Service<SocketData>,
    opening: Opening = { at: config.address, isHeld: false, isOurs: false },
  ) {
    this.name = name;
    this.#config = config;
    this.#service = service;
    const address = opening.at;
    const options = {
      idleTimeout: idleSeconds(config),
      // Bun's own limit answers before the handler, and without a word of why: the engine keeps to the limit.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      // No page with our source on it.
      development: false,
      ...(config.tls.length > 0 && { tls: tlsOptions(config) }),
      ...(config.http2 && { http2: true }),
      ...(config.http3 && { http3: true }),
      ...this.#handlers(service.websocket),
    };
    if (address.type === "unix") {
      this.#file = new SocketFile(address.path);
      // bun-types know no idleTimeout beside `unix`; Bun 1.4.5 does.
      const wanted = { ...options, unix: this.#file.temporary } as unknown as Bun.Serve.Options<SocketData>;
      this.#server = Bun.serve(wanted);
      this.#publish(this.#file, opening.isHeld);
    } else {
      if (!opening.isOurs) probePort(address.host, address.port);
      // Shared, so that a listener with another certificate can take this one's place: Bun cannot change it (1.4.5).
      this.#server = Bun.serve({ ...options, hostname: address.host, port: address.port, reusePort: true });
    }
    // Requests cannot come before: Bun.serve returns before the event loop turns.
    this.#downstream = this.#facts();
  }

  /** Where it really listens: the port that the system chose stands in for 0. */
  get address(): ListenAddress {
    const { address } = this.#config;
    return address.type === "unix" ? address : { ...address, port: this.#server.port ?? address.port };
  }

  /** `http://127.0.0.1:8008`, `https://[::]:443`, `unix//run/x.sock`, for people to read. */
  get url(): string {
    const { address } = this;
    if (address.type === "unix") return `unix/${address.path}`;
    const host = address.host.includes(":") ? `[${address.host}]` : address.host;
    return `${this.#config.tls.length === 0 ? "http" : "https"}://${host}:${address.port}`;
  }

  /** How its listening socket is told from others of the process. */
  get socketName(): SocketName {
    return this.#file?.temporary ?? this.#server.port ?? 0;
  }

  /** Closes connections between two requests. Gives how many. */
  closeIdle(): number {
    return this.#server.closeIdleConnections();
  }

  /** Requests and WebSockets that are open. */
  get open(): number {
    return this.#server.pendingRequests + this.#server.pendingWebSockets;
  }

  /** Whether it can serve by another configuration of its address; otherwise another has to take its place. */
  fits(config: ListenerConfig): boolean {
    const own = this.#config;
    return (
      own.http2 === config.http2 &&
      own.http3 === config.http3 &&
      idleSeconds(own) === idleSeconds(config) &&
      Bun.deepEquals(own.tls.map(tlsFacts), config.tls.map(tlsFacts), true)
    );
  }

  /** Serves new requests by another configuration that fits. Requests in flight go on as they began. */
  adopt(config: ListenerConfig, service: Service<SocketData>): void {
    const before = this.#service.websocket.maxPayloadLength ?? 0;
    const wanted = service.websocket.maxPayloadLength ?? 0;
    // Bun holds open WebSockets to a new limit as well (1.4.5), and they may be of a route that had a larger one.
    const most = this.open > 0 ? Math.max(before, wanted) : wanted;
    this.#config = config;
    this.#service = { handler: service.handler, websocket: { ...service.websocket, maxPayloadLength: most } };
    this.#downstream = this.#facts();
    if (most !== before) this.#server.reload(this.#handlers(this.#service.websocket));
  }

  /**
   * Takes no new connections and ends idle ones; resolves when every request and WebSocket is over. Bun's own promise
   * would wait for ever for a connection on which no whole request has come: a TLS handshake, half a head (1.4.5).
   *
   * @param farewellMs so long it still takes connections, and ends each with its next answer; 0 is not at all
   */
  async drain(farewellMs: number): Promise<void> {
    this.#departure.isNear = true;
    if (farewellMs > 0) await Bun.sleep(farewellMs);
    const stopped = this.#server.stop(false).then(() => true);
    this.#file?.[Symbol.dispose]();
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
    this.#file?.[Symbol.dispose]();
    return this.#server.stop(true);
  }

  #publish(file: SocketFile, replaces: boolean): void {
    try {
      file.publish(replaces);
    } catch (error) {
      void this.#server.stop(true);
      throw error;
    }
  }

  #handlers(websocket: Bun.WebSocketHandler<SocketData>): HandlerOptions<SocketData> {
    return { fetch: (request) => this.#service.handler.serve(request, this.#downstream), websocket };
  }

  #facts(): Downstream {
    const config = this.#config;
    return {
      server: this.#server,
      name: this.name,
      secure: config.tls.length > 0,
      http2: config.http2,
      http3: config.http3,
      idleTimeoutSeconds: idleSeconds(config),
      bodyTimeoutMs: config.clientBodyTimeoutMs,
      maxRequestBodyBytes: config.maxRequestBodyBytes,
      trusted: compileTrustedProxies(config.trustedProxies),
      departure: this.#departure,
    };
  }
}

interface HandlerOptions<SocketData> {
  readonly fetch: (request: Request) => Awaitable<Response | undefined>;
  readonly websocket: Bun.WebSocketHandler<SocketData>;
}

function idleSeconds(config: ListenerConfig): number {
  return Math.min(Math.ceil(config.clientIdleTimeoutMs / 1000), MOST_IDLE_SECONDS);
}

/** What of a certificate makes a difference while it is served: not the names of its files. */
function tlsFacts({ serverNames, cert, key }: ListenerConfig["tls"][number]): object {
  return { serverNames, cert, key };
}

/** The first is for every name that none is for; Bun takes a name each, and only the first may have none (1.4.5). */
function tlsOptions({ tls }: ListenerConfig): Bun.TLSOptions[] {
  const [first] = tls.filter(({ serverNames }) => serverNames.length === 0);
  const named = tls.flatMap(({ serverNames, cert, key }) =>
    serverNames.map((serverName) => ({ cert, key, serverName })),
  );
  const { cert, key } = first ?? tls[0] ?? {};
  if (cert === undefined || key === undefined) return [];
  return tls.length === 1 ? [{ cert, key }] : [{ cert, key }, ...named];
}
