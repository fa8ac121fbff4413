import { FrameEncoder } from "./frame.ts";

/** A bridge as the sweep and the drain see it. */
export interface Sweepable {
  /** How often it wants to be looked at. */
  readonly sweepMs: number;
  /** Looks for a dead side. `now` is `performance.now()`. */
  sweep(now: number): void;
  goAway(code: number, reason: string): void;
  /** Ends both sides at once, without a close frame. */
  terminate(): void;
}

/**
 * The open bridges of a worker, and what they share: one timer that looks for dead sides, and one encoder.
 * Dispose of it after the last listener has stopped; it ends what is still open.
 */
export class Bridges implements Disposable {
  readonly encoder = new FrameEncoder();
  readonly #open = new Set<Sweepable>();
  #timer: Timer | undefined = undefined;
  #sweepMs = Number.POSITIVE_INFINITY;

  /** How many are open. */
  get size(): number {
    return this.#open.size;
  }

  add(bridge: Sweepable): void {
    this.#open.add(bridge);
    if (this.#timer !== undefined && bridge.sweepMs >= this.#sweepMs) return;
    clearInterval(this.#timer);
    this.#sweepMs = bridge.sweepMs;
    this.#timer = setInterval(() => this.#sweep(), bridge.sweepMs);
    // The sockets keep the process running, not this.
    this.#timer.unref();
  }

  delete(bridge: Sweepable): void {
    this.#open.delete(bridge);
    if (this.#open.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /**
   * For draining: closes both sides of every bridge with this code and reason (RFC 6455 section 7.4: 1001 going
   * away, 1012 service restart). Those that do not end by themselves are ended a grace period later.
   */
  goAway(code: number, reason: string): void {
    for (const bridge of this.#open) bridge.goAway(code, reason);
  }

  /** Ends all of them at once, which both sides see as 1006. */
  terminate(): void {
    for (const bridge of this.#open) bridge.terminate();
  }

  [Symbol.dispose](): void {
    this.terminate();
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #sweep(): void {
    const now = performance.now();
    for (const bridge of this.#open) bridge.sweep(now);
  }
}
