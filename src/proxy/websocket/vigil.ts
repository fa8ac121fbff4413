import { OwnPings } from "./own-pings.ts";

/** The payload of the proxy's own pings. */
const KEEP_ALIVE = Buffer.from("gatekeeper");

/** A side that can be asked whether it lives. */
interface Pingable {
  ping(payload: Buffer<ArrayBuffer>): unknown;
}

/** Watches one side of a bridge for signs of life. Times are `performance.now()`. */
export class Vigil {
  readonly pings = new OwnPings();
  readonly #deadAfterMs: number;
  #seenAt: number;
  #isPinged = false;

  constructor(deadAfterMs: number, now: number) {
    this.#deadAfterMs = deadAfterMs;
    this.#seenAt = now;
  }

  /**
   * `isAlive`: a sign of life came since the last look. Pings `side` once at half of `deadAfterMs`; true when
   * it has been silent for all of that.
   */
  isDead(now: number, isAlive: boolean, side: Pingable): boolean {
    if (isAlive) {
      this.#seenAt = now;
      this.#isPinged = false;
      return false;
    }
    const silentMs = now - this.#seenAt;
    if (silentMs >= this.#deadAfterMs) return true;
    if (!this.#isPinged && silentMs >= this.#deadAfterMs / 2) {
      this.#isPinged = true;
      this.pings.add(KEEP_ALIVE);
      side.ping(KEEP_ALIVE);
    }
    return false;
  }
}
