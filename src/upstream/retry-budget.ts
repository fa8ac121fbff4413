/** What may be saved up for a bad moment, in seconds of the least that is always allowed. */
const SAVED_SECONDS = 10;
/** Fifty fifths are ten. */
const ROUNDING = 1e-6;

/**
 * A limit on the retries of one route, so that an outage is not multiplied by them: each request pays in a part of a
 * retry, each retry takes one out, and so many a second come by themselves (the token bucket of Finagle's RetryBudget).
 * Pure: the clock is handed in.
 */
export class RetryBudget {
  readonly #part: number;
  readonly #perMs: number;
  readonly #most: number;
  #saved: number;
  #refilledAt = Number.NaN;

  /** @param percent of the requests that may be retried; 0 is no limit. @param minPerSecond always allowed */
  constructor(percent: number, minPerSecond: number) {
    this.#part = percent / 100;
    this.#perMs = minPerSecond / 1000;
    this.#most = percent === 0 ? Number.POSITIVE_INFINITY : Math.max(1, minPerSecond * SAVED_SECONDS, percent);
    this.#saved = this.#most;
  }

  /** A request came. */
  onRequest(): void {
    if (this.#saved < this.#most) this.#saved = Math.min(this.#most, this.#saved + this.#part);
  }

  /** Takes a retry out. False: there is none left. @param now in milliseconds, by a clock that only goes forward */
  take(now: number): boolean {
    if (!Number.isNaN(this.#refilledAt)) {
      this.#saved = Math.min(this.#most, this.#saved + (now - this.#refilledAt) * this.#perMs);
    }
    this.#refilledAt = now;
    if (this.#saved < 1 - ROUNDING) return false;
    this.#saved -= 1;
    return true;
  }
}
