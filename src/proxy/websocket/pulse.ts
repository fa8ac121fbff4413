/** What a side's silence asks for. */
export type Verdict = "fine" | "ping" | "dead";

/** Keeps track of one side's signs of life, as often as the sweep looks. Times are `performance.now()`. */
export class Pulse {
  #seenAt: number;
  #isPinged = false;

  constructor(now: number) {
    this.#seenAt = now;
  }

  /** `isAlive`: a sign of life came since the last look. Asks for one ping at half of `deadAfterMs`. */
  look(now: number, isAlive: boolean, deadAfterMs: number): Verdict {
    if (isAlive) {
      this.#seenAt = now;
      this.#isPinged = false;
      return "fine";
    }
    const silentMs = now - this.#seenAt;
    if (silentMs >= deadAfterMs) return "dead";
    if (this.#isPinged || silentMs < deadAfterMs / 2) return "fine";
    this.#isPinged = true;
    return "ping";
  }
}
