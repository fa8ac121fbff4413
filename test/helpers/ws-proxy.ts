import { ProxyError } from "../../src/core/errors.ts";
import { UPSTREAM_POLICY_DEFAULTS } from "../../src/config/upstream-model.ts";
import { removeRequestHopByHop } from "../../src/core/fields.ts";
import type { UpstreamAddress, UpstreamTlsConfig, WebSocketConfig } from "../../src/config/model.ts";
import { createLog } from "../../src/observe/log.ts";
import { type BridgeData, type BridgeEnd, Bridges, bridgeHandler } from "../../src/proxy/bridge.ts";
import { errorResponse } from "../../src/proxy/respond.ts";
import { Session } from "../../src/proxy/session.ts";
import { accept, dialUpstream, faultOfHandshake } from "../../src/proxy/upgrade.ts";
import { Peer } from "../../src/upstream/peer.ts";
import { type OriginSocket, RawOrigin, type RawSocket, rawClient } from "./ws-raw.ts";

export interface WebSocketProxyOptions {
  readonly upstream: UpstreamAddress;
  readonly tls?: Partial<UpstreamTlsConfig>;
  readonly websocket?: Partial<WebSocketConfig>;
  readonly dialTimeoutMs?: number;
  /** Default 400 ms here, so that what is ended by force does not hold the tests up. */
  readonly closeGraceMs?: number;
}

const TLS: UpstreamTlsConfig = {
  serverName: undefined,
  verify: true,
  ca: undefined,
  clientCert: undefined,
  clientKey: undefined,
  http2: false,
};

const WEBSOCKET: WebSocketConfig = {
  maxMessageBytes: 64 * 1024 * 1024,
  deadAfterMs: 60_000,
  handshakeTimeoutMs: 30_000,
};

const PEER = {
  limit: UPSTREAM_POLICY_DEFAULTS.limit,
  passiveHealth: UPSTREAM_POLICY_DEFAULTS.passiveHealth,
  breaker: undefined,
  timeouts: { dialMs: 3_000, responseHeaderMs: 0, readMs: 0, writeMs: 0 },
  keepAlive: { idleTimeoutMs: 0, poolSize: 128 },
  client: "exact" as const,
  responseBufferBytes: 1024 * 1024,
};

/**
 * A proxy with one upstream for WebSockets: what is under test, built in this one place. It is the WebSocket half
 * alone, so that a test sees how each bridge and each dial ended.
 */
export class WebSocketProxyUnderTest implements AsyncDisposable {
  readonly bridges: Bridges;
  readonly ends: BridgeEnd[] = [];
  readonly errors: ProxyError[] = [];
  accepted: boolean[] = [];
  readonly #server: Bun.Server<BridgeData>;
  #wake: (() => void)[] = [];

  constructor(options: WebSocketProxyOptions) {
    this.bridges = new Bridges({ closeGraceMs: options.closeGraceMs ?? 400 });
    const websocket = { ...WEBSOCKET, ...options.websocket };
    const peer = new Peer(options.upstream, { ...PEER, websocket, upstreamTls: { ...TLS, ...options.tls } });
    const log = createLog({ level: "off", isTerminal: false });
    const upgrade = { websocket, dialTimeoutMs: options.dialTimeoutMs ?? 3_000, bridges: this.bridges, log };
    this.#server = Bun.serve<BridgeData>({
      port: 0,
      hostname: "127.0.0.1",
      idleTimeout: 0,
      websocket: bridgeHandler(websocket),
      fetch: async (request, server) => {
        const fault = faultOfHandshake(request.headers);
        if (fault !== undefined) return errorResponse(fault);
        const url = new URL(request.url);
        const facts = {
          target: url.pathname + url.search,
          path: url.pathname,
          host: request.headers.get("host") ?? undefined,
          isUpgrade: true,
          isOrdinary: false,
        };
        const limits = { idleTimeoutSeconds: 0, bodyTimeoutMs: 0, maxRequestBodyBytes: 0 };
        const downstream = {
          server,
          name: "test",
          secure: false,
          http2: false,
          http3: false,
          trusted: undefined,
          departure: { isNear: false },
          ...limits,
        };
        const session = new Session(request, downstream, facts, undefined);
        const headers = new Headers(request.headers);
        removeRequestHopByHop(headers);
        headers.set("X-Forwarded-For", session.remoteAddress);
        const dialed = await dialUpstream(session, peer, headers, upgrade);
        try {
          if (dialed instanceof ProxyError) {
            this.errors.push(dialed);
            return errorResponse(dialed);
          }
          if (dialed.type === "refused") return new Response(dialed.answer.body, dialed.answer);
          this.accepted.push(accept(server, session, dialed, (end) => this.#note(end)) !== undefined);
          return undefined;
        } finally {
          this.#notify();
        }
      },
    });
  }

  get port(): number {
    return this.#server.port as number;
  }

  #note(end: BridgeEnd): void {
    this.ends.push(end);
    this.#notify();
  }

  /** Waits until so many bridges have ended. */
  async ended(count = 1): Promise<BridgeEnd> {
    await this.until(() => this.ends.length >= count);
    return this.ends[count - 1] as BridgeEnd;
  }

  /** Waits until `condition` holds; it is asked after each dial and each end. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#wake.push(resolve));
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const resolve of wake) resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.bridges[Symbol.dispose]();
    await this.#server.stop(true);
  }
}

export function startWebSocketProxy(options: WebSocketProxyOptions): WebSocketProxyUnderTest {
  return new WebSocketProxyUnderTest(options);
}

/** An address on this machine. */
export function local(port: number, tls = false): UpstreamAddress {
  return { type: "tcp", host: "127.0.0.1", port, tls };
}

export interface Joined extends AsyncDisposable {
  readonly proxy: WebSocketProxyUnderTest;
  readonly client: RawSocket;
  readonly upstream: OriginSocket;
}

/** A raw client and a raw origin, joined by a bridge through the proxy. */
export async function join(
  websocket: Partial<WebSocketConfig> = {},
  clientFields: readonly string[] = [],
  options: Partial<WebSocketProxyOptions> = {},
): Promise<Joined> {
  const origin = await RawOrigin.start();
  const proxy = startWebSocketProxy({ upstream: local(origin.port), websocket, ...options });
  const client = await rawClient(proxy.port, clientFields);
  const upstream = await origin.next();
  upstream.accept();
  await client.head();
  return {
    proxy,
    client,
    upstream,
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      await proxy[Symbol.asyncDispose]();
      await origin[Symbol.asyncDispose]();
    },
  };
}
