import type { CircuitBreakerConfig } from "../../config/model.ts";

/** The window is forgotten in so many parts. */
const PARTS = 10;

interface Part {
  number: number;
  good: number;
  bad: number;
}

/** A breaker's state: all is well; nothing is let through until then; some are let through to see. */
type State =
  | { readonly type: "closed" }
  | { readonly type: "open"; readonly until: number }
  | { readonly type: "half_open"; underWay: number; good: number };

const CLOSED: State = { type: "closed" };

/**
 * Takes a peer out while too many of its answers fail (a circuit breaker): it opens at so many percent of failures within
 * the window, after a while lets so many trials through at once, and closes when as many have gone well. Pure: the clock
 * is handed in.
 */
export class CircuitBreaker {
  readonly #config: CircuitBreakerConfig;
  readonly #parts: Part[] = Array.from({ length: PARTS }, () => ({ number: -1, good: 0, bad: 0 }));
  #state: State = CLOSED;

  constructor(config: CircuitBreakerConfig) {
    this.#config = config;
  }

  /** What it is called in what people read. */
  get state(): State["type"] {
    return this.#state.type;
  }

  /** Whether the peer is to be spared. */
  isOpen(now: number): boolean {
    const state = this.#state;
    if (state.type === "closed") return false;
    if (state.type === "half_open") return state.underWay >= this.#config.trials;
    if (now < state.until) return true;
    this.#state = { type: "half_open", underWay: 0, good: 0 };
    return false;
  }

  /** An attempt is made on the peer. */
  onAttempt(): void {
    if (this.#state.type === "half_open") this.#state.underWay++;
  }

  /** An attempt came to its end without telling anything of the peer: the client left. */
  onNothing(): void {
    if (this.#state.type === "half_open" && this.#state.underWay > 0) this.#state.underWay--;
  }

  /** An attempt went well, or failed. */
  onOutcome(isGood: boolean, now: number): void {
    const state = this.#state;
    const { trials, openMs } = this.#config;
    if (state.type === "open") return;
    if (state.type === "half_open") {
      if (state.underWay > 0) state.underWay--;
      if (!isGood) this.#state = { type: "open", until: now + openMs };
      else if (++state.good >= trials) this.#close();
      return;
    }
    const part = this.#partAt(now);
    if (isGood) part.good++;
    else {
      part.bad++;
      if (this.#isTooMuch(part.number)) this.#state = { type: "open", until: now + openMs };
    }
  }

  #close(): void {
    this.#state = CLOSED;
    for (const part of this.#parts) {
      part.good = 0;
      part.bad = 0;
    }
  }

  #partAt(now: number): Part {
    const number = Math.floor((now * PARTS) / this.#config.windowMs);
    const part = this.#parts[number % PARTS] as Part;
    if (part.number !== number) {
      part.number = number;
      part.good = 0;
      part.bad = 0;
    }
    return part;
  }

  #isTooMuch(present: number): boolean {
    let good = 0;
    let bad = 0;
    for (const part of this.#parts) {
      if (part.number <= present - PARTS) continue;
      good += part.good;
      bad += part.bad;
    }
    const { minRequests, errorPercent } = this.#config;
    return good + bad >= minRequests && bad * 100 >= errorPercent * (good + bad);
  }
}
