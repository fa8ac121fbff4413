/** The requests of so long ago are what retries are paid with. */
const WINDOW_MS = 10_000;
/** Fifty fifths are ten. */
const ROUNDING = 1e-6;

/**
 * A limit on the retries of one route, so that an outage is not multiplied by them: each request pays in a part of a
 * retry, each retry takes one out, and so many a second come by themselves (as Finagle's RetryBudget, over as long a
 * window). A request only counts; the rest is reckoned when a retry is asked for. Pure: the clock is handed in.
 */
export class RetryBudget {
  readonly #part: number;
  readonly #perMs: number;
  readonly #isUnlimited: boolean;
  #saved: number;
  #reckonedAt: number;
  /** Since then. */
  #requests = 0;

  /** @param percent of the requests that may be retried; 0 is no limit. @param minPerSecond always allowed. @param now as for `take` */
  constructor(percent: number, minPerSecond: number, now: number) {
    this.#part = percent / 100;
    this.#perMs = minPerSecond / 1000;
    this.#isUnlimited = percent === 0;
    this.#saved = Math.max(1, this.#perMs * WINDOW_MS);
    this.#reckonedAt = now;
  }

  /** A request came. */
  onRequest(): void {
    this.#requests++;
  }

  /** Takes a retry out. False: there is none left. @param now in milliseconds, by a clock that only goes forward */
  take(now: number): boolean {
    if (this.#isUnlimited) return true;
    this.#reckon(now);
    if (this.#saved < 1 - ROUNDING) return false;
    this.#saved -= 1;
    return true;
  }

  #reckon(now: number): void {
    const elapsedMs = now - this.#reckonedAt;
    const withinMs = Math.min(elapsedMs, WINDOW_MS);
    // What was saved before the window is gone, and of the requests those within it count.
    const kept = this.#saved * (1 - withinMs / WINDOW_MS);
    const counted = elapsedMs > WINDOW_MS ? (this.#requests * WINDOW_MS) / elapsedMs : this.#requests;
    this.#saved = kept + counted * this.#part + withinMs * this.#perMs;
    this.#requests = 0;
    this.#reckonedAt = now;
  }
}
