import { ProxyError } from "../../core/errors.ts";
import type { Peer } from "../../upstream/peer.ts";
import type { Lane, Outgoing, UpstreamAnswer } from "../lane.ts";
import { AbortWatch } from "./abort-watch.ts";
import { Exchange } from "./exchange.ts";
import { Pool } from "./pool.ts";
import { headBytes, RequestHead } from "./request-head.ts";

/**
 * Forwards what `fetch` would not send as it is, by an HTTP/1.1 client of our own (RFC 9112). Bun's fetch (1.4.5) adds
 * `User-Agent: Bun/…` and `Accept: *\/*` where the client sent none, and joins slashes at the start of a path (`//a`
 * goes out as `/a`); node:http sends what it is given, but takes twice the processor time.
 */
export class ExactLane implements Lane {
  readonly #pool: Pool;
  readonly #head: RequestHead;
  readonly #watch = new AbortWatch();

  constructor(peer: Peer) {
    this.#pool = new Pool(peer);
    this.#head = new RequestHead(peer.options.keepAlive.poolSize > 0 ? "keep-alive" : "close");
  }

  /** What fetch would change. */
  static isNeeded(target: string, headers: Headers): boolean {
    return !headers.has("user-agent") || !headers.has("accept") || target.startsWith("//");
  }

  /** Rejects with a `ProxyError`, or where `outgoing.signal` was aborted with an AbortError. */
  send(outgoing: Outgoing): Promise<UpstreamAnswer> {
    const head = this.#head.write(outgoing);
    if (head instanceof ProxyError) return Promise.reject(head);
    const settle = Promise.withResolvers<UpstreamAnswer>();
    const exchange = new Exchange(outgoing, headBytes(head), settle, this.#pool);
    this.#pool.run(exchange);
    exchange.watchBy(this.#watch);
    return settle.promise;
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
    this.#pool[Symbol.dispose]();
  }
}
