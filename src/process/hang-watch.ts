/** How many times a worker should have said that it is alive before it is taken for hung. */
const SIGNS = 4;
const MOST_EVERY_MS = 1_000;

/** How often a worker says that it is alive, and how often that is looked at. */
export function aliveEveryMs(timeoutMs: number): number {
  return Math.min(MOST_EVERY_MS, Math.ceil(timeoutMs / SIGNS));
}

/** Whether a worker's event loop turns. Times are those of `performance.now()`. */
export class HangWatch {
  readonly #timeoutMs: number;
  #seenAt: number;
  #lookedAt: number;

  constructor(timeoutMs: number, now: number) {
    this.#timeoutMs = timeoutMs;
    this.#seenAt = now;
    this.#lookedAt = now;
  }

  /** It has said something. */
  seen(now: number): void {
    this.#seenAt = now;
  }

  /** To be asked every `aliveEveryMs`. Who asks much too late was stopped itself, and may have signs unread. */
  isHung(now: number): boolean {
    const isLate = now - this.#lookedAt > 2 * aliveEveryMs(this.#timeoutMs);
    this.#lookedAt = now;
    if (isLate) this.#seenAt = now;
    return now - this.#seenAt > this.#timeoutMs;
  }
}
