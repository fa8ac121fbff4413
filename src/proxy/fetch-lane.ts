import type { Peer } from "../upstream/peer.ts";
import type { Lane, Outgoing, UpstreamAnswer } from "./lane.ts";

/** Forwards by Bun's `fetch`: the usual and fastest way. */
export class FetchLane implements Lane {
  readonly #origin: string;
  readonly #unix: string | undefined;
  readonly #http2: boolean;
  readonly #session: Bun.FetchSession;

  constructor(peer: Peer) {
    const { address, tls } = peer;
    const { idleTimeoutMs, poolSize } = peer.options.keepAlive;
    this.#origin = peer.origin;
    this.#unix = address.type === "unix" ? address.path : undefined;
    this.#http2 = address.type === "tcp" && address.tls && tls.http2;
    this.#session = new Bun.FetchSession({
      keepAlive: {
        maxIdleSockets: poolSize,
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
    if (outgoing.body !== undefined) init.body = outgoing.body;
    if (this.#unix !== undefined) init.unix = this.#unix;
    else if (this.#http2) init.protocol = "http2";
    return fetch(this.#origin + outgoing.target, init);
  }

  [Symbol.dispose](): void {
    this.#session.close();
  }
}
