import type { Peer } from "../upstream/peer.ts";
import { DialGuard } from "./dial-guard.ts";
import type { Lane, Outgoing, UploadBody, UpstreamAnswer } from "./lane.ts";
import { streamOf } from "./short-body.ts";

/** Forwards by Bun's `fetch`: the usual and fastest way. */
export class FetchLane implements Lane {
  readonly #origin: string;
  readonly #unix: string | undefined;
  /** HTTP/2 is offered; false for good once the peer has not taken it. */
  #http2: boolean;
  readonly #keepsConnections: boolean;
  readonly #session: Bun.FetchSession;
  readonly #dialGuard: DialGuard;

  constructor(peer: Peer) {
    const { address, tls } = peer;
    const { idleTimeoutMs, poolSize } = peer.options.keepAlive;
    this.#origin = peer.origin;
    this.#unix = address.type === "unix" ? address.path : undefined;
    this.#http2 = address.type === "tcp" && address.tls && tls.http2;
    this.#dialGuard = new DialGuard(peer);
    this.#keepsConnections = poolSize > 0;
    this.#session = new Bun.FetchSession({
      keepAlive: {
        // Bun takes no 0 (1.4.5).
        maxIdleSockets: Math.max(1, poolSize),
        ...(idleTimeoutMs > 0 && { idleTimeout: Math.ceil(idleTimeoutMs / 1000) }),
      },
      ...(address.type === "tcp" && address.tls && { tls: { ...peer.tlsOptions } }),
    });
  }

  send(outgoing: Outgoing): Promise<UpstreamAnswer> {
    const init: BunFetchRequestInit = {
      method: outgoing.method,
      headers: outgoing.headers,
      signal: outgoing.signal,
      session: this.#session,
      redirect: "manual",
      decompress: false,
      // Without it HTTP_PROXY and its like divert even loopback requests (Bun 1.4.5).
      proxy: false,
      // Bun's own idle timeout would cut a stream that is silent for five minutes (Bun 1.4.5).
      timeout: false,
    };
    if (!this.#keepsConnections) init.keepalive = false;
    if (outgoing.body !== undefined) init.body = bodyOf(outgoing.method, outgoing.body);
    if (this.#unix !== undefined) init.unix = this.#unix;
    const url = this.#origin + outgoing.target;
    if (!this.#dialGuard.mayDial()) return this.#fetch(url, init);
    return this.#dialGuard.run(outgoing.signal, (signal) => {
      init.signal = signal;
      return this.#fetch(url, init);
    });
  }

  #fetch(url: string, init: BunFetchRequestInit): Promise<UpstreamAnswer> {
    return this.#http2 ? this.#offerHttp2(url, init) : fetch(url, init);
  }

  /** Bun's fetch offers HTTP/2 alone (1.4.5): a peer that has none is asked again in HTTP/1.1, its body untouched. */
  async #offerHttp2(url: string, init: BunFetchRequestInit): Promise<UpstreamAnswer> {
    try {
      return await fetch(url, { ...init, protocol: "http2" });
    } catch (error) {
      if (!isHandshakeFailure(error)) throw error;
      const answer = await fetch(url, init);
      this.#http2 = false;
      return answer;
    }
  }

  [Symbol.dispose](): void {
    this.#dialGuard[Symbol.dispose]();
    this.#session.close();
  }
}

/**
 * Bytes are what costs least, but fetch sends a request with them once more by itself when a kept connection turns out to be
 * closed, unless it is a POST or a PATCH (Bun 1.4.5). A stream it sends once.
 */
function bodyOf(method: string, body: UploadBody): Bun.BodyInit {
  if (body instanceof ReadableStream) return body;
  return method === "POST" || method === "PATCH" ? (body as Uint8Array<ArrayBuffer>) : streamOf(body);
}

/** The peer chose no protocol, or refused the handshake for there being none to choose (RFC 7301 3.2). */
function isHandshakeFailure(error: unknown): boolean {
  const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "HTTP2Unsupported" || code === "EPROTO";
}
