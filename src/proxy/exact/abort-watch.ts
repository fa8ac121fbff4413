import type { Exchange } from "./exchange.ts";

const WATCH_AFTER_MS = 5;

/**
 * Has exchanges look at their client's signal when they are not over after some milliseconds. To make a request's
 * signal and to set its handler costs as much as sending the request does; asked for later, it also
 * tells of a client that went before that (Bun 1.4.5).
 */
export class AbortWatch implements Disposable {
  #young: Exchange[] = [];
  /** Until they are looked at. One timer for all. */
  #timer: Timer | undefined = undefined;

  add(exchange: Exchange): void {
    this.#young.push(exchange);
    this.#timer ??= setTimeout(this.#watch, WATCH_AFTER_MS);
  }

  /** Those under way are watched from now on; no more are to be added. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#watch();
  }

  readonly #watch = (): void => {
    this.#timer = undefined;
    const due = this.#young;
    this.#young = [];
    for (const exchange of due) exchange.watch();
  };
}
