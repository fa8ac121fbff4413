import { FrameEncoder } from "./frame.ts";
import type { Traffic } from "./traffic.ts";

/** How a bridge ended. */
export interface BridgeEnd {
  /** Who ended it: one of its ends, or the proxy (a dead side, a broken protocol, draining). */
  readonly by: "client" | "upstream" | "gatekeeper";
  /** The close code as it came or was given; 1005 for none, 1006 for an abrupt end. */
  readonly code: number;
  readonly reason: string;
  /** With what each side's own connection was ended: undefined for a side that said nothing of itself. */
  readonly clientCode: number | undefined;
  readonly upstreamCode: number | undefined;
  readonly traffic: Readonly<Traffic>;
}

/** The reason of an end that the proxy makes because one side is silent. */
export const DEAD_SIDE = {
  client: "the client showed no sign of life",
  upstream: "the upstream showed no sign of life",
} as const;

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
  /** A side that makes no progress for this long while its bridge is ending is ended by force. */
  readonly closeGraceMs: number;
  readonly #open = new Set<Sweepable>();
  #timer: Timer | undefined = undefined;
  #sweepMs = Number.POSITIVE_INFINITY;

  constructor(options: { readonly closeGraceMs: number } = { closeGraceMs: 10_000 }) {
    this.closeGraceMs = options.closeGraceMs;
  }

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
