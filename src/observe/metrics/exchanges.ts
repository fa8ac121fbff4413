import type { Exchange } from "../live.ts";

/** Failures that are kept until they are taken: of a storm the first ones tell enough. */
const MOST_FAILED = 50;
const MOST_SLOWEST = 20;

/** What is wanted of the exchanges from now on. */
export interface ExchangesWish {
  /** So many are told in full until the next time; 0 while nobody watches. */
  readonly most: number;
  /** Slower ones alone are among the slowest. */
  readonly slowerThanMs: number;
}

/** Exchanges that are told, since they were last taken. */
export interface ExchangesDelta {
  readonly watched: readonly Exchange[];
  /** How many more ended while somebody watched. */
  readonly untold: number;
  readonly slowest: readonly Exchange[];
  readonly failed: readonly Exchange[];
}

/** The exchanges of a worker that somebody may want to see in full. Nearly all are not: none is made for those. */
export class Exchanges {
  #watched: Exchange[] = [];
  #untold = 0;
  #slowest: Exchange[] = [];
  #failed: Exchange[] = [];
  #most = 0;
  #slowerThanMs = 0;

  /** Whether one is to be made and given to `keep`. @param tookMs NaN for what stays open as its ends like */
  wants(tookMs: number, isFailed: boolean): boolean {
    if (this.#most > 0 && this.#watched.length < this.#most) return true;
    if (this.#most > 0) this.#untold++;
    return tookMs > this.#slowerThanMs || (isFailed && this.#failed.length < MOST_FAILED);
  }

  keep(exchange: Exchange, tookMs: number, isFailed: boolean): void {
    if (this.#watched.length < this.#most) this.#watched.push(exchange);
    if (isFailed && this.#failed.length < MOST_FAILED) this.#failed.push(exchange);
    if (!(tookMs > this.#slowerThanMs)) return;
    this.#slowest = slowestOf([...this.#slowest, exchange], MOST_SLOWEST);
    if (this.#slowest.length === MOST_SLOWEST) this.#slowerThanMs = this.#slowest.at(-1)?.durationMs ?? 0;
  }

  take(next: ExchangesWish): ExchangesDelta {
    const delta = { watched: this.#watched, untold: this.#untold, slowest: this.#slowest, failed: this.#failed };
    this.#watched = [];
    this.#untold = 0;
    this.#slowest = [];
    this.#failed = [];
    this.#most = next.most;
    this.#slowerThanMs = next.slowerThanMs;
    return delta;
  }
}

/** The slowest first, so many at most. */
export function slowestOf(exchanges: readonly Exchange[], most: number): Exchange[] {
  return exchanges.toSorted((a, b) => b.durationMs - a.durationMs).slice(0, most);
}
