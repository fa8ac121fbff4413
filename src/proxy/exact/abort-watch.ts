/** What is looked at when it is not over after a while. */
export interface Abortable {
  /** Its place among those that are not watched yet; -1 where it is none of them. The watch's own. */
  place: number;
  /** How often the watch had looked when it came. The watch's own. */
  round: number;
  /** It is to look at its client's signal from now on. */
  watch(): void;
}

/** A request is watched after one to two of these. */
const LOOK_MS = 100;

/**
 * Has exchanges look at their client's signal when they are not over after a while. To make a request's
 * signal and to set its handler costs as much as sending the request does; asked for later, it also
 * tells of a client that went before that (Bun 1.4.5). An exchange that is over is let go at once.
 */
export class AbortWatch implements Disposable {
  readonly #young: Abortable[] = [];
  #round = 0;
  /** Until they are looked at. One timer for all. */
  #timer: Timer | undefined = undefined;

  add(exchange: Abortable): void {
    exchange.round = this.#round;
    exchange.place = this.#young.push(exchange) - 1;
    this.#timer ??= setTimeout(this.#look, LOOK_MS);
  }

  /** It is over. Harmless where it is none of those that are waited for. */
  remove(exchange: Abortable): void {
    const { place } = exchange;
    if (place < 0) return;
    exchange.place = -1;
    const last = this.#young.pop();
    if (last === undefined || last === exchange) return;
    this.#young[place] = last;
    last.place = place;
  }

  /** Those under way are watched from now on; no more are to be added. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#round++;
    this.#watchOld();
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    this.#watchOld();
    this.#round++;
    if (this.#young.length > 0) this.#timer = setTimeout(this.#look, LOOK_MS);
  };

  /** Those that came before this round. */
  #watchOld(): void {
    // From behind: where one is taken out, one that was looked at takes its place.
    for (let i = this.#young.length - 1; i >= 0; i--) {
      const exchange = this.#young[i];
      if (exchange === undefined || exchange.round === this.#round) continue;
      this.remove(exchange);
      exchange.watch();
    }
  }
}
