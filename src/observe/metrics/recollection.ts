import type { Exchange } from "../live.ts";
import { type ExchangesDelta, MOST_FAILED, MOST_SLOWEST, slowestOf } from "./exchanges.ts";

const MINUTE_MS = 60_000;
const KEPT_MINUTES = 15;

/** The slowest and the failed exchanges of late, of all workers. */
export class Recollection {
  /** The slowest of each minute: one slow minute does not hide the next ones when it is forgotten itself. */
  #slowest: { readonly minute: number; readonly exchanges: readonly Exchange[] }[] = [];
  #failed: readonly Exchange[] = [];

  /** @param at milliseconds since 1970 */
  add({ slowest, failed }: ExchangesDelta, at: number): void {
    if (failed.length > 0) this.#failed = [...failed.toReversed(), ...this.#failed].slice(0, MOST_FAILED);
    if (slowest.length === 0) return;
    const minute = Math.floor(at / MINUTE_MS);
    const last = this.#slowest.at(-1);
    const exchanges = slowestOf([...(last?.minute === minute ? last.exchanges : []), ...slowest], MOST_SLOWEST);
    this.#slowest = [...this.#slowest.filter((each) => each !== last || last.minute !== minute), { minute, exchanges }];
    this.#forget(minute);
  }

  /** What a worker is to tell of among the slowest has to be slower than this. */
  slowerThanMs(at: number): number {
    const last = this.#slowest.at(-1);
    if (last === undefined || last.minute !== Math.floor(at / MINUTE_MS)) return 0;
    return last.exchanges.length < MOST_SLOWEST ? 0 : (last.exchanges.at(-1)?.durationMs ?? 0);
  }

  /** Of the last fifteen minutes, the slowest first. */
  slowest(at: number): readonly Exchange[] {
    this.#forget(Math.floor(at / MINUTE_MS));
    const all = this.#slowest.flatMap(({ exchanges }) => exchanges);
    return slowestOf(all, MOST_SLOWEST);
  }

  /** The latest first. */
  get failed(): readonly Exchange[] {
    return this.#failed;
  }

  #forget(minute: number): void {
    this.#slowest = this.#slowest.filter((each) => each.minute > minute - KEPT_MINUTES);
  }
}
