import type { Exchange } from "../live.ts";
import { type ExchangeFacts, type ExchangeFilter, Watched, type WatchedDelta } from "./watched.ts";

/** Failures that are kept until they are taken: of a storm the first ones tell enough. */
export const MOST_FAILED = 50;
export const MOST_SLOWEST = 20;

/** What is wanted of the exchanges from now on. */
export interface ExchangesWish {
  /** What somebody watches, each filter once; none while nobody does. */
  readonly watched: readonly ExchangeFilter[];
  /** So many are told for each filter until the next time. */
  readonly most: number;
  /** Slower ones alone are among the slowest. */
  readonly slowerThanMs: number;
}

/** Exchanges that are told, since they were last taken. */
export interface ExchangesDelta {
  readonly watched: readonly WatchedDelta[];
  readonly slowest: readonly Exchange[];
  readonly failed: readonly Exchange[];
}

/** The exchanges of a worker that somebody may want to see in full. Nearly all are not: none is made for those. */
export class Exchanges {
  /** Whether somebody watches exchanges: then each has to be given to `isWanted`. */
  isWatched = false;
  #watched: readonly Watched[] = [];
  /** Those of them that want the exchange that is made next. */
  #wanting: Watched[] = [];
  #slowest: Exchange[] = [];
  #failed: Exchange[] = [];
  #slowerThanMs = 0;

  /** Whether somebody who watches wants this one: then it is to be made and given to `keep`, at once. */
  isWanted(facts: ExchangeFacts): boolean {
    this.#wanting = this.#watched.filter((watched) => watched.wants(facts));
    return this.#wanting.length > 0;
  }

  /** Whether one is to be made and given to `keep` whoever watches. @param tookMs NaN for what stays open as its ends like */
  wants(tookMs: number, isFailed: boolean): boolean {
    return tookMs > this.#slowerThanMs || (isFailed && this.#failed.length < MOST_FAILED);
  }

  keep(exchange: Exchange, tookMs: number, isFailed: boolean): void {
    for (const watched of this.#wanting) watched.keep(exchange);
    if (isFailed && this.#failed.length < MOST_FAILED) this.#failed.push(exchange);
    if (!(tookMs > this.#slowerThanMs)) return;
    this.#slowest = slowestOf([...this.#slowest, exchange], MOST_SLOWEST);
    if (this.#slowest.length === MOST_SLOWEST) this.#slowerThanMs = this.#slowest.at(-1)?.durationMs ?? 0;
  }

  take(next: ExchangesWish): ExchangesDelta {
    const watched = this.#watched.map((each) => each.delta);
    const delta = { watched, slowest: this.#slowest, failed: this.#failed };
    this.#watched = next.watched.map((filter) => new Watched(filter, next.most));
    this.isWatched = this.#watched.length > 0;
    this.#wanting = [];
    this.#slowest = [];
    this.#failed = [];
    this.#slowerThanMs = next.slowerThanMs;
    return delta;
  }
}

/** The slowest first, so many at most. */
export function slowestOf(exchanges: readonly Exchange[], most: number): Exchange[] {
  return exchanges.toSorted((a, b) => b.durationMs - a.durationMs).slice(0, most);
}
