import type { Exchanges, Tick } from "../observe/live.ts";
import { Tally } from "../observe/metrics/tally.ts";
import type { ExchangeFilter } from "../observe/metrics/watched.ts";
import { within } from "./answers.ts";
import type { Answer } from "./messages.ts";
import type { Supervisor } from "./supervisor.ts";

const EVERY_MS = 1_000;
/** A worker that does not answer within this is left out for now; what it tells later counts then. */
const ANSWER_MS = 500;
/** One that has as many questions open is not asked for the time being. */
const MOST_PENDING = 4;
/** So many exchanges are told of each worker each second for each filter that somebody watches by. */
const MOST_EXCHANGES = 200;

export type CensusSource = Pick<Supervisor, "askEach" | "workers">;

/** Asks all workers once a second what they counted, and adds it up. It is the only one that asks. */
export class Census implements Disposable {
  readonly tally: Tally;
  /** Called with each second, after it was added. Exchanges are by the key of their filter. */
  onTick: ((tick: Tick, exchanges: ReadonlyMap<string, Exchanges>) => void) | undefined = undefined;
  /** What of the exchanges somebody watches, each filter once. */
  watched: readonly ExchangeFilter[] = [];
  readonly #source: CensusSource;
  readonly #everyMs: number;
  readonly #pending = new Map<number, number>();
  #timer: Timer | undefined = undefined;
  #isTicking = false;

  /** @param everyMs how long a "second" is; tests have not the time for whole ones */
  constructor(source: CensusSource, everyMs = EVERY_MS) {
    this.#source = source;
    this.#everyMs = everyMs;
    this.tally = new Tally(performance.now());
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.#tick(), this.#everyMs);
    // The listeners keep the process running, not this.
    this.#timer.unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.onTick = undefined;
  }

  /** The workers that do not answer: they are to be spared further questions. */
  get silent(): ReadonlySet<number> {
    return new Set([...this.#pending].filter(([, pending]) => pending >= MOST_PENDING).map(([worker]) => worker));
  }

  /** Has all workers tell what they counted until now. @param isFull with what takes longer to find out */
  async collect(isFull: boolean): Promise<void> {
    const { workers } = this.#source;
    const at = Date.now();
    const exchanges = {
      watched: this.watched,
      most: MOST_EXCHANGES,
      slowerThanMs: this.tally.recollection.slowerThanMs(at),
    };
    for (const { worker, isServing } of workers) if (!isServing) this.tally.forgetGauges(worker);
    const answers = this.#source.askEach({ type: "tell", wish: { exchanges, isFull } }, this.silent);
    const added = answers.map((answer, i) => answer && this.#await(workers[i]?.worker ?? i + 1, answer));
    await within(ANSWER_MS, Promise.all(added));
  }

  async #await(worker: number, answer: Promise<Answer | undefined>): Promise<void> {
    this.#pending.set(worker, (this.#pending.get(worker) ?? 0) + 1);
    const told = await answer;
    this.#pending.set(worker, (this.#pending.get(worker) ?? 1) - 1);
    if (told?.type === "telling") this.tally.add(worker, told.telling, { now: performance.now(), at: Date.now() });
  }

  async #tick(): Promise<void> {
    if (this.#isTicking) return;
    this.#isTicking = true;
    try {
      await this.collect(false);
      const tick = this.tally.tick(Date.now());
      this.onTick?.(tick, this.tally.takeWatched());
    } finally {
      this.#isTicking = false;
    }
  }
}
