import type { Peer } from "../../upstream/peer.ts";
import { turn } from "../turn.ts";
import { AdmissionGate } from "./admission-gate.ts";
import type { Route } from "./carrier.ts";
import { Connection, type Keeper } from "./connection.ts";
import type { Exchange } from "./exchange.ts";
import { KnownFields } from "./known-fields.ts";
import { RepeatedHead } from "./repeated-head.ts";

/** Bun's fetch keeps an idle connection for so long; the two lanes agree. */
const DEFAULT_IDLE_TIMEOUT_MS = 300_000;

/**
 * What is more than the pool is to hold is kept for so long. Answers come by the hundred in one turn of the event loop,
 * and the next requests in another: to close at once what they need then would double the cost of each.
 */
const SURPLUS_MS = 1_000;

/** A connection is not taken so long before its peer says that it closes it: a request would cross its end on the way. */
const ON_THE_WAY_MS = 1_000;
const TIMEOUT = /(?:^|[\s,])timeout=(\d{1,7})(?![^\s,])/i;

/** The connections to one peer, and what they have in common. It holds the idle ones, and where there are very many has requests wait. */
export class Pool implements Keeper, Route, Disposable {
  readonly known = new KnownFields();
  readonly repeated = new RepeatedHead();
  readonly #gate = new AdmissionGate<Exchange>((exchange) => turn.defer(exchange));
  readonly #peer: Peer;
  readonly #idleTimeoutMs: number;
  /** In the order in which they became idle: the last is taken first, so that what is not needed grows old. */
  readonly #idle: Connection[] = [];
  /** Until the oldest of them is to be closed. One timer for all. */
  #sweep: Timer | undefined = undefined;
  /** When it comes, by the clock of `performance.now()`. */
  #sweepAt = Number.POSITIVE_INFINITY;
  #isDisposed = false;
  /** What the peer said of idle connections, and how long one may be idle by that. */
  #told = "";
  #toldMs = Number.POSITIVE_INFINITY;

  constructor(peer: Peer) {
    this.#peer = peer;
    const { idleTimeoutMs } = peer.options.keepAlive;
    this.#idleTimeoutMs = idleTimeoutMs > 0 ? idleTimeoutMs : DEFAULT_IDLE_TIMEOUT_MS;
  }

  /** Has an exchange run at the end of this turn of the event loop; where there are very many, in one to come. */
  run(exchange: Exchange): void {
    this.#gate.enter(exchange);
  }

  /** Runs an exchange on the youngest idle connection, or else on a new one. */
  connect(exchange: Exchange): void {
    const connection = this.#toldMs === Number.POSITIVE_INFINITY ? this.#idle.pop() : this.#takeFresh();
    if (connection === undefined) this.dial(exchange);
    else connection.run(exchange);
  }

  settle(exchange: Exchange): void {
    this.#gate.settle(exchange);
  }

  /**
   * The `timeout` of Keep-Alive, in seconds (RFC 2068 19.7.1.1), as Node's servers say it: a request with a body that meets
   * the end of its connection is lost, since it may have been carried out.
   */
  onKeepAlive(value: string): void {
    if (value === this.#told) return;
    this.#told = value;
    const toldMs = Number(TIMEOUT.exec(value)?.[1] ?? Number.POSITIVE_INFINITY) * 1000;
    this.#toldMs = Math.max(toldMs - ON_THE_WAY_MS, toldMs / 2);
  }

  /** Runs an exchange on a new connection. */
  dial(exchange: Exchange): void {
    new Connection(this.#peer, this).dial(exchange);
  }

  onIdle(connection: Connection): void {
    if (this.#isDisposed || this.#peer.options.keepAlive.poolSize === 0) {
      connection.close();
      return;
    }
    const now = performance.now();
    connection.idleSince = now;
    this.#idle.push(connection);
    const dueAt = now + this.#timeLimit();
    if (dueAt < this.#sweepAt) this.#sweepNotBefore(dueAt, now);
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

  /** How long the oldest idle connection may have been idle: less when there are more than the pool is to hold. */
  #timeLimit(): number {
    const isOverfull = this.#idle.length > this.#peer.options.keepAlive.poolSize;
    return Math.min(this.#idleTimeoutMs, this.#toldMs, isOverfull ? SURPLUS_MS : Number.POSITIVE_INFINITY);
  }

  /** One that its peer surely holds open. The sweep may be late when there is much to do. */
  #takeFresh(): Connection | undefined {
    const connection = this.#idle.pop();
    if (connection === undefined || performance.now() - connection.idleSince < this.#toldMs) return connection;
    connection.close();
    // It was the youngest.
    for (const older of this.#idle.splice(0)) older.close();
    return undefined;
  }

  #sweepNotBefore(at: number, now: number): void {
    clearTimeout(this.#sweep);
    this.#sweepAt = at;
    this.#sweep = setTimeout(this.#closeOld, Math.max(1, at - now));
    this.#sweep.unref();
  }

  readonly #closeOld = (): void => {
    this.#sweepAt = Number.POSITIVE_INFINITY;
    // A millisecond more, since timers may come that much early.
    const now = performance.now() + 1;
    for (let oldest = this.#idle[0]; oldest !== undefined; oldest = this.#idle[0]) {
      const dueAt = oldest.idleSince + this.#timeLimit();
      if (dueAt > now) return this.#sweepNotBefore(dueAt, now);
      this.#idle.shift();
      oldest.close();
    }
  };
}
