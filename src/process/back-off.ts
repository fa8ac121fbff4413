/** Within this time several ends are one after the other. */
const WINDOW_MS = 10_000;
/** So many in the window are replaced at once: a bug that is rare, or a person who ends them. */
const AT_ONCE = 3;
const FIRST_DELAY_MS = 250;
const MOST_DELAY_MS = 15_000;

/** When the place of a worker that ended is filled again. It takes the time of each end and holds nothing else. */
export class BackOff {
  /** When its last workers ended, by `performance.now()`. */
  #ends: readonly number[] = [];
  #delayMs = 0;

  /** @returns how long to wait before the next one is started */
  ended(now: number): number {
    const last = this.#ends.at(-1);
    // One that lived for a while after the longest wait shows that it is over.
    if (last !== undefined && now - last > WINDOW_MS + this.#delayMs) this.#delayMs = 0;
    this.#ends = [...this.#ends, now].filter((end) => now - end <= WINDOW_MS);
    if (this.#delayMs === 0 && this.#ends.length <= AT_ONCE) return 0;
    this.#delayMs = this.#delayMs === 0 ? FIRST_DELAY_MS : Math.min(MOST_DELAY_MS, this.#delayMs * 2);
    return this.#delayMs;
  }
}
