import type { CircuitBreakerConfig } from "../config/model.ts";
import { PeerMeter } from "../observe/metrics/peer-meter.ts";
import { CircuitBreaker } from "./health/breaker.ts";
import { Failures } from "./health/failures.ts";

/** Why an active check finds a peer down, and since when, by `Date.now()`. */
export interface Down {
  readonly reason: string;
  readonly since: number;
}

/** Something that failed on a peer: a kind of `ProxyError`, or the rule that an answer broke; and when, by `Date.now()`. */
export interface PeerFailure {
  readonly kind: string;
  readonly detail: string;
  readonly at: number;
}

/** What is known of an upstream address while it is in use, however it is spoken to (Caddy's `Host`). */
export class PeerLife {
  readonly meter = new PeerMeter();
  /** What failed on it lately. */
  readonly failures = new Failures();
  /** It was said that it is suspect, and not yet that it is trusted again. */
  wasSuspect = false;
  /** The last thing that failed on it. */
  lastFailure: PeerFailure | undefined = undefined;
  /** Called when it may have a free place, one after the other, while somebody waits for that. */
  readonly onFreed = new Set<() => void>();
  /** Heads of answers that came from it. */
  answers = 0;
  #down: Down | undefined = undefined;
  #draining = false;
  #inFlight = 0;
  #breakers: readonly CircuitBreaker[] = [];

  /** Undefined while no active check finds it down; so it is before the first one. */
  get down(): Down | undefined {
    return this.#down;
  }

  set down(down: Down | undefined) {
    this.#down = down;
    if (down === undefined) this.#tellFreed();
  }

  /** Taken out of rotation by its owner; what is open on it may finish. */
  get draining(): boolean {
    return this.#draining;
  }

  set draining(draining: boolean) {
    this.#draining = draining;
    if (!draining) this.#tellFreed();
  }

  /** Requests and WebSockets on it right now. */
  get inFlight(): number {
    return this.#inFlight;
  }

  set inFlight(count: number) {
    const isFreed = count < this.#inFlight;
    this.#inFlight = count;
    if (isFreed) this.#tellFreed();
  }

  /** Active checks do not find it down. */
  get healthy(): boolean {
    return this.down === undefined;
  }

  /** The breaker of this configuration, with the state it has: each that differs judges for itself. */
  breakerFor(config: CircuitBreakerConfig): CircuitBreaker {
    const known = this.#breakers.find((breaker) => Bun.deepEquals(breaker.config, config, true));
    if (known !== undefined) return known;
    const breaker = new CircuitBreaker(config);
    this.#breakers = [...this.#breakers, breaker];
    return breaker;
  }

  /** Forgets the breakers that no peer has any more. */
  retainBreakers(used: readonly (CircuitBreaker | undefined)[]): void {
    this.#breakers = this.#breakers.filter((breaker) => used.includes(breaker));
  }

  #tellFreed(): void {
    // Who got a place goes to the end of them.
    if (this.onFreed.size > 0) for (const tell of [...this.onFreed]) tell();
  }
}
