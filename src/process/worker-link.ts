import type { Channel } from "./channel.ts";
import type { Answer, Ask, FromWorker, ToWorker } from "./messages.ts";

/** How a worker's process ended. */
export interface WorkerEnd {
  /** Undefined where a signal ended it. */
  readonly code: number | undefined;
  readonly signal: string | undefined;
  /** What it wrote last on standard error by itself, as of an error that nobody caught; "" for nothing. */
  readonly lastWords: string;
}

/** The process of a worker that has one of its own. */
export interface WorkerProcess {
  readonly pid: number;
  readonly ended: Promise<WorkerEnd>;
  /** Ends it whatever it does. */
  kill(): void;
  /** Lets go of it: it ends by itself. */
  release(): void;
}

/** A worker as its supervisor has it when it is made. */
export interface NewWorker {
  readonly channel: Channel<ToWorker, FromWorker>;
  /** Undefined: it works in the supervisor's own process. */
  readonly process: WorkerProcess | undefined;
}

type Said = Exclude<FromWorker, { readonly type: "answer" | "up" }>;

/** The supervisor's end of the channel to one worker: questions, each with its answer. */
export class WorkerLink {
  readonly process: WorkerProcess | undefined;
  readonly #channel: Channel<ToWorker, FromWorker>;
  readonly #waiting = new Map<number, (answer: Answer | undefined) => void>();
  readonly #up = Promise.withResolvers<void>();
  #asked = 0;
  #isOver = false;

  /** @param onSaid told of what the worker says unasked, and, as `alive`, of every answer */
  constructor({ channel, process }: NewWorker, onSaid: (said: Said) => void) {
    this.process = process;
    this.#channel = channel;
    channel.receive((message) => {
      if (message.type === "up") this.#up.resolve();
      else if (message.type !== "answer") return onSaid(message);
      else {
        this.#waiting.get(message.number)?.(message.answer);
        this.#waiting.delete(message.number);
      }
      onSaid({ type: "alive" });
    });
    void process?.ended.then(() => this.#end());
  }

  /** Undefined: the worker ended before it answered. */
  async ask(ask: Ask): Promise<Answer | undefined> {
    await this.#up.promise;
    if (this.#isOver) return undefined;
    const { promise, resolve } = Promise.withResolvers<Answer | undefined>();
    const number = ++this.#asked;
    this.#waiting.set(number, resolve);
    this.#channel.send({ type: "ask", number, ask });
    return await promise;
  }

  hurry(): void {
    this.#channel.send({ type: "hurry" });
  }

  #end(): void {
    this.#isOver = true;
    this.#up.resolve();
    for (const resolve of this.#waiting.values()) resolve(undefined);
    this.#waiting.clear();
  }
}
