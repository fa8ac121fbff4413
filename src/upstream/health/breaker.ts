import type { CircuitBreakerConfig } from "../../config/model.ts";

/** The window is forgotten in so many parts. */
const PARTS = 10;

interface Part {
  number: number;
  good: number;
  bad: number;
}

/** A time in which attempts are trials. */
interface HalfOpen {
  readonly type: "half_open";
  underWay: number;
  good: number;
}

/** A breaker's state: all is well; nothing is let through until then; some are let through to see. */
type State = { readonly type: "closed" } | { readonly type: "open"; readonly until: number } | HalfOpen;

/** What an attempt is handed that is a trial: the trials that it belongs to. Undefined for any other. */
export type Trial = HalfOpen | undefined;

const CLOSED: State = { type: "closed" };

/**
 * Takes a peer out while too many of its answers fail (a circuit breaker): it opens at so many percent of failures within
 * the window, after a while lets so many trials through at once, and closes when as many have gone well. What began before
 * the trials says nothing about them. Pure: the clock is handed in.
 */
export class CircuitBreaker {
  readonly config: CircuitBreakerConfig;
  readonly #parts: Part[] = Array.from({ length: PARTS }, () => ({ number: -1, good: 0, bad: 0 }));
  #state: State = CLOSED;

  constructor(config: CircuitBreakerConfig) {
    this.config = config;
  }

  /** What it is called in what people read. */
  get state(): State["type"] {
    return this.#state.type;
  }

  /** Whether the peer is to be spared. */
  isOpen(now: number): boolean {
    const state = this.#state;
    if (state.type === "closed") return false;
    if (state.type === "half_open") return state.underWay >= this.config.trials;
    if (now < state.until) return true;
    this.#state = { type: "half_open", underWay: 0, good: 0 };
    return false;
  }

  /** An attempt is made on the peer. What comes back is handed to `onOver`, once, and to the others. */
  onAttempt(): Trial {
    const state = this.#state;
    if (state.type !== "half_open") return undefined;
    state.underWay++;
    return state;
  }

  /** An attempt is under way no longer, whatever came of it. */
  onOver(trial: Trial): void {
    if (trial !== undefined) trial.underWay--;
  }

  /** An attempt went well, or failed. */
  onOutcome(isGood: boolean, trial: Trial, now: number): void {
    const state = this.#state;
    if (state.type === "closed") return this.#count(isGood, now);
    if (state.type === "open" || state !== trial) return;
    if (!isGood) this.#open(now);
    else if (++state.good >= this.config.trials) this.#close();
  }

  /** What had gone well broke off: it failed after all. */
  onBroken(trial: Trial, now: number): void {
    if (this.#state.type === "closed") {
      const part = this.#partAt(now);
      if (part.good > 0) part.good--;
    }
    this.onOutcome(false, trial, now);
  }

  #count(isGood: boolean, now: number): void {
    const part = this.#partAt(now);
    if (isGood) part.good++;
    else {
      part.bad++;
      if (this.#isTooMuch(part.number)) this.#open(now);
    }
  }

  #open(now: number): void {
    this.#state = { type: "open", until: now + this.config.openMs };
  }

  #close(): void {
    this.#state = CLOSED;
    for (const part of this.#parts) {
      part.good = 0;
      part.bad = 0;
    }
  }

  #partAt(now: number): Part {
    const number = Math.floor((now * PARTS) / this.config.windowMs);
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
    const { minRequests, errorPercent } = this.config;
    return good + bad >= minRequests && bad * 100 >= errorPercent * (good + bad);
  }
}
