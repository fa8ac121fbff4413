import { type HistogramDelta, HistogramTotal, TIME_BOUNDS_MS } from "./histogram.ts";

const SLOT_MS = 10_000;
const SLOTS = 6;

/** What came at one moment. */
export interface Arrival {
  readonly requests: number;
  readonly times: HistogramDelta | undefined;
}

interface Slot {
  /** Which ten seconds, counted from the clock's beginning. */
  readonly number: number;
  requests: number;
  /** As they came: nearly always nobody asks, and then they need not be added up. */
  readonly times: HistogramDelta[];
}

/** What came within the last minute, to ten seconds. */
export class Recent {
  #slots: Slot[] = [];

  /** @param now in milliseconds, by a clock that never goes back */
  add({ requests, times }: Arrival, now: number): void {
    const number = Math.floor(now / SLOT_MS);
    let slot = this.#slots.at(-1);
    if (slot?.number !== number) {
      this.#forget(number);
      this.#slots.push((slot = { number, requests: 0, times: [] }));
    }
    slot.requests += requests;
    if (times !== undefined) slot.times.push(times);
  }

  /** @param sinceMs when anything could have come first */
  of(
    now: number,
    sinceMs: number,
  ): { readonly requests: number; readonly times: HistogramTotal; readonly seconds: number } {
    const number = Math.floor(now / SLOT_MS);
    this.#forget(number);
    const times = new HistogramTotal(TIME_BOUNDS_MS.length);
    let requests = 0;
    for (const slot of this.#slots) {
      requests += slot.requests;
      for (const each of slot.times) times.add(each);
    }
    // The slot of now has only begun.
    const lastedMs = Math.min((SLOTS - 1) * SLOT_MS + (now % SLOT_MS), now - sinceMs);
    return { requests, times, seconds: Math.max(1, lastedMs / 1_000) };
  }

  #forget(number: number): void {
    const first = this.#slots[0];
    if (first !== undefined && first.number <= number - SLOTS) {
      this.#slots = this.#slots.filter((slot) => slot.number > number - SLOTS);
    }
  }
}
