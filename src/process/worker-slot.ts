import type { DownPeer } from "../upstream/health/checker.ts";
import type { Log } from "../observe/log.ts";
import { within } from "./answers.ts";
import { BackOff } from "./back-off.ts";
import { aliveEveryMs, HangWatch } from "./hang-watch.ts";
import type { Answer, Ask } from "./messages.ts";
import { type NewWorker, type WorkerEnd, WorkerLink, type WorkerProcess } from "./worker-link.ts";

export interface SlotOptions {
  /** Counts from 0. */
  readonly index: number;
  readonly make: (index: number) => NewWorker;
  readonly log: Log;
  /** How long its event loop may stand still; 0 is for ever. */
  readonly hangTimeoutMs: () => number;
  /** Its worker has found a peer down, or up again. */
  readonly onHealth: (slot: WorkerSlot, down: readonly DownPeer[]) => void;
  /** Its worker has ended and nobody asked it to; another may be launched so many milliseconds from now. */
  readonly onEnded: (slot: WorkerSlot, delayMs: number) => void;
}

/** One worker, for whoever asks how the process does. */
export interface WorkerStatus {
  /** Counts from 1. */
  readonly worker: number;
  /** Undefined where it works in the supervisor's process, or is being replaced. */
  readonly pid: number | undefined;
  readonly isServing: boolean;
  readonly restarts: number;
}

/** How long a worker may take to start before it counts as hung, where the timeout is shorter. */
const START_MS = 10_000;

/** How it is seen that a worker hangs. */
interface Watch {
  /** 0: nobody looks. */
  readonly timeoutMs: number;
  readonly isHung: () => boolean;
}

/** The place of one worker, whichever fills it now. Watches over it; another one is put there by the supervisor. */
export class WorkerSlot {
  readonly index: number;
  /** Which configuration its worker serves by, as the supervisor counts them. */
  revision = 0;
  /** How many workers it has had beside the first. */
  restarts = -1;
  readonly #options: SlotOptions;
  readonly #backOff = new BackOff();
  #link: WorkerLink | undefined = undefined;
  #isServing = false;
  #isReleased = false;
  /** It was ended from here, which its end need not tell again. */
  #isKilled = false;

  constructor(options: SlotOptions) {
    this.#options = options;
    this.index = options.index;
  }

  /** Whether a worker is there that serves. */
  get isServing(): boolean {
    return this.#isServing;
  }

  /** The process of its worker; undefined while there is none, or where it works in this one. */
  get pid(): number | undefined {
    return this.#link?.process?.pid;
  }

  get status(): WorkerStatus {
    return { worker: this.index + 1, pid: this.pid, isServing: this.#isServing, restarts: this.restarts };
  }

  /** Puts a worker here and has it start. Undefined: it ended before it could answer. */
  async launch(start: Omit<Extract<Ask, { type: "start" }>, "aliveEveryMs">): Promise<Answer | undefined> {
    this.restarts++;
    const worker = this.#options.make(this.index);
    const timeoutMs = worker.process === undefined ? 0 : this.#options.hangTimeoutMs();
    let watch = timeoutMs === 0 ? undefined : new HangWatch(Math.max(timeoutMs, START_MS), performance.now());
    const link = new WorkerLink(worker, (said) => {
      if (said.type === "alive") watch?.seen(performance.now());
      else if (said.type === "health") this.#options.onHealth(this, said.down);
      else this.#options.log[said.level](said.message, this.#withNumber(said.facts));
    });
    this.#link = link;
    const isHung = (): boolean => watch?.isHung(performance.now()) === true;
    if (worker.process !== undefined) this.#attend(worker.process, link, { timeoutMs, isHung });
    const every = watch === undefined ? 0 : aliveEveryMs(timeoutMs);
    const answer = await link.ask({ ...start, aliveEveryMs: every });
    this.#isServing = answer?.type === "started" && this.#link === link;
    if (this.#isServing && watch !== undefined) watch = new HangWatch(timeoutMs, performance.now());
    return answer;
  }

  /** Undefined: there is no worker, or it ended before it answered. */
  async ask(ask: Ask): Promise<Answer | undefined> {
    return await this.#link?.ask(ask);
  }

  hurry(): void {
    this.#link?.hurry();
  }

  /** Ends its worker at once; as after any other end, another may come. */
  kill(): void {
    this.#isKilled = true;
    this.#link?.process?.kill();
  }

  /** Lets its worker go, which then ends by itself, and no other comes. Resolves when it has ended. */
  async release(): Promise<void> {
    this.#isReleased = true;
    const process = this.#link?.process;
    process?.release();
    await process?.ended;
  }

  /** From here on an end of its worker is no surprise, and no other comes. */
  expectEnd(): void {
    this.#isReleased = true;
  }

  #attend(process: WorkerProcess, link: WorkerLink, watch: Watch): void {
    let wasHung = false;
    const look = (): void => {
      if (wasHung || !watch.isHung()) return;
      wasHung = true;
      process.kill();
    };
    const looking = watch.timeoutMs === 0 ? undefined : setInterval(look, aliveEveryMs(watch.timeoutMs));
    void process.ended.then((end) => {
      clearInterval(looking);
      if (this.#link !== link) return;
      this.#link = undefined;
      this.#isServing = false;
      this.#tell(end, process.pid, wasHung);
      if (!this.#isReleased) this.#options.onEnded(this, this.#backOff.ended(performance.now()));
    });
  }

  #tell({ code, signal, lastWords }: WorkerEnd, pid: number, isHung: boolean): void {
    const isExpected = this.#isKilled || (this.#isReleased && code === 0);
    this.#isKilled = false;
    if (isExpected && !isHung) return;
    const message = isHung ? "a worker did not react any more and was ended" : "a worker ended";
    const said = lastWords === "" ? undefined : lastWords;
    this.#options.log.error(message, this.#withNumber({ pid, code, signal, said }));
  }

  #withNumber<T extends object>(facts: T | undefined): T & { readonly worker?: number } {
    const isAlone = this.#link !== undefined && this.#link.process === undefined;
    return { ...(facts as T), ...(!isAlone && { worker: this.index + 1 }) };
  }
}

/** Requests and WebSockets that are open in all of them. A worker that does not answer soon is left out. */
export async function countOpen(slots: readonly WorkerSlot[]): Promise<number> {
  const counts = slots.map(async (slot) => {
    const answer = slot.isServing ? await within(COUNT_MS, slot.ask({ type: "count_open" })) : undefined;
    return answer?.type === "open" ? answer.count : 0;
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

/** How long a worker may take to count what is open. */
const COUNT_MS = 200;
