import type { Peer } from "../../upstream/peer.ts";
import { Connection, type Keeper } from "./connection.ts";
import type { Exchange, Route } from "./exchange.ts";
import { KnownFields } from "./known-fields.ts";

/** Bun's fetch keeps an idle connection for so long; the two lanes agree. */
const DEFAULT_IDLE_TIMEOUT_MS = 300_000;

/** The connections to one peer, and what they have in common. It holds the idle ones; there is no limit to those in use. */
export class Pool implements Keeper, Route, Disposable {
  readonly known = new KnownFields();
  readonly #peer: Peer;
  readonly #idleTimeoutMs: number;
  /** In the order in which they became idle: the last is taken first, so that what is not needed grows old. */
  readonly #idle: Connection[] = [];
  /** Until the oldest of them is to be closed. One timer for all. */
  #sweep: Timer | undefined = undefined;
  #isDisposed = false;

  constructor(peer: Peer) {
    this.#peer = peer;
    const { idleTimeoutMs } = peer.options.keepAlive;
    this.#idleTimeoutMs = idleTimeoutMs > 0 ? idleTimeoutMs : DEFAULT_IDLE_TIMEOUT_MS;
  }

  /** Runs an exchange on an idle connection, or else on a new one. */
  run(exchange: Exchange): void {
    const connection = this.#idle.pop();
    if (connection === undefined) this.dial(exchange);
    else connection.run(exchange);
  }

  /** Runs an exchange on a new connection. */
  dial(exchange: Exchange): void {
    new Connection(this.#peer, this).dial(exchange);
  }

  onIdle(connection: Connection): void {
    if (this.#isDisposed || this.#idle.length >= this.#peer.options.keepAlive.poolSize) {
      connection.close();
      return;
    }
    connection.idleSince = performance.now();
    this.#idle.push(connection);
    if (this.#sweep === undefined) this.#sweepIn(this.#idleTimeoutMs);
  }

  onIdleEnd(connection: Connection): void {
    const index = this.#idle.lastIndexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
  }

  /** Closes what is idle; what is in use is closed when it would become idle. */
  [Symbol.dispose](): void {
    this.#isDisposed = true;
    clearTimeout(this.#sweep);
    for (const connection of this.#idle.splice(0)) connection.close();
  }

  #sweepIn(delayMs: number): void {
    this.#sweep = setTimeout(this.#closeOld, delayMs);
    this.#sweep.unref();
  }

  readonly #closeOld = (): void => {
    this.#sweep = undefined;
    // A millisecond less, since timers may come that much early.
    const oldest = performance.now() - this.#idleTimeoutMs + 1;
    let count = 0;
    while ((this.#idle[count]?.idleSince ?? Number.POSITIVE_INFINITY) <= oldest) count++;
    for (const connection of this.#idle.splice(0, count)) connection.close();
    const [next] = this.#idle;
    if (next !== undefined) this.#sweepIn(Math.max(1, next.idleSince - oldest));
  };
}
