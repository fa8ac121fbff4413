import type { Exchange } from "../live.ts";

/** Which exchanges somebody wants to see; all that is given has to hold. Plain: workers are told. */
export interface ExchangeFilter {
  /** A route's whole key, or its own name. */
  readonly route?: string;
  readonly statuses?: readonly StatusRange[];
  /** WebSockets and event streams are never slow. */
  readonly slowerThanMs?: number;
}

/** Both included. */
export type StatusRange = readonly [least: number, most: number];

/** What an exchange is judged by. */
export interface ExchangeFacts {
  readonly status: number;
  readonly route: string | undefined;
  /** NaN for what stays open as its ends like. */
  readonly tookMs: number;
}

export function passes({ route, status, tookMs }: ExchangeFacts, filter: ExchangeFilter): boolean {
  const { statuses, slowerThanMs } = filter;
  if (filter.route !== undefined && route !== filter.route && route?.endsWith(` > ${filter.route}`) !== true) {
    return false;
  }
  if (statuses?.some(([least, most]) => status >= least && status <= most) === false) return false;
  return slowerThanMs === undefined || tookMs > slowerThanMs;
}

/** The same text for the same filter. */
export function filterKey({ route, statuses, slowerThanMs }: ExchangeFilter): string {
  return JSON.stringify([route, statuses, slowerThanMs]);
}

/** What passed one filter since it was last taken. */
export interface WatchedDelta {
  /** `filterKey` */
  readonly key: string;
  readonly exchanges: readonly Exchange[];
  /** How many more passed. */
  readonly untold: number;
}

/** What passes one filter, so many at most: those who watch a few of them lose none to those who watch all. */
export class Watched {
  readonly key: string;
  readonly #filter: ExchangeFilter;
  readonly #most: number;
  readonly #exchanges: Exchange[] = [];
  #untold = 0;

  constructor(filter: ExchangeFilter, most: number) {
    this.key = filterKey(filter);
    this.#filter = filter;
    this.#most = most;
  }

  /** Whether it is to be kept; counts it where it is one too many. */
  wants(facts: ExchangeFacts): boolean {
    if (!passes(facts, this.#filter)) return false;
    if (this.#exchanges.length < this.#most) return true;
    this.#untold++;
    return false;
  }

  keep(exchange: Exchange): void {
    this.#exchanges.push(exchange);
  }

  get delta(): WatchedDelta {
    return { key: this.key, exchanges: this.#exchanges, untold: this.#untold };
  }
}
