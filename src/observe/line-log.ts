import { LineBuffer } from "./line-buffer.ts";
import { LineFile, type LineOutput } from "./line-file.ts";

/** Lines wait so long for others, so that many go out in one call. */
const GATHER_MS = 50;
/** Past this a batch goes out at once. */
const BATCH_BYTES = 256 * 1024;
/** So much may wait for a slow output. */
const MOST_WAITING_BYTES = 8 * 1024 * 1024;
/** A stop does not wait longer than this for an output that takes nothing. */
const CLOSING_MS = 2000;

/** Told once why something fails, and again only after it went well meanwhile. */
export interface LineLogEvents {
  /** The output cannot be written to: lines are lost. */
  onFailure(reason: string): void;
  /** Its file cannot be put aside: it grows. */
  onRollFailure(reason: string): void;
  /** Lines were lost, and more can be written again. */
  onLoss(count: number): void;
  /** What is written in the place of lines that were lost; "" for nothing. */
  dropped(count: number, atMs: number): string;
}

/** Lines on their way to one output: gathered, bounded, written off the request's path. */
export class LineLog implements AsyncDisposable {
  readonly #file: LineFile;
  readonly #events: LineLogEvents;
  /** What comes, and what is being written meanwhile. */
  #lines = new LineBuffer();
  #leaving = new LineBuffer();
  #dropped = 0;
  /** Of them, those that the log was not told of yet. */
  #untold = 0;
  #timer: Timer | undefined = undefined;
  #writing: Promise<void> | undefined = undefined;
  #isFailing = false;
  #isRollFailing = false;

  constructor(output: LineOutput, events: LineLogEvents) {
    this.#events = events;
    this.#file = new LineFile(output, (error) => {
      if (!this.#isRollFailing) events.onRollFailure(wordsOf(error));
      this.#isRollFailing = true;
    });
  }

  /** Lines that were lost so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** The output takes no more for now: a line is not worth making. To be called where one would be written. */
  isFull(): boolean {
    if (this.#lines.bytes + this.#leaving.bytes < MOST_WAITING_BYTES) return false;
    this.#lose(1);
    return true;
  }

  /** Never waits, never throws. A line has its end. */
  write(line: string): void {
    this.#lines.add(line);
    if (this.#writing === undefined) this.#startInTime();
  }

  /** Comes when everything so far is written, or lost. */
  async flush(): Promise<void> {
    while (this.#lines.lines > 0 || this.#writing !== undefined) {
      this.#start();
      await this.#writing;
    }
  }

  /** Closes its file; the next line opens what has its name then (after the file was moved away). */
  async reopen(): Promise<void> {
    await this.flush();
    await this.#file.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, CLOSING_MS);
    await Promise.race([this.flush(), late]);
    clearTimeout(timer);
    if (this.#writing === undefined) await this.#file[Symbol.asyncDispose]();
  }

  /** Not for each few lines that came while others were written: every call costs a thread's waking. */
  #startInTime(): void {
    if (this.#lines.bytes >= BATCH_BYTES) this.#start();
    else this.#timer ??= setTimeout(this.#start, GATHER_MS);
  }

  readonly #start = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing ??= this.#writeBatch().finally(() => {
      this.#writing = undefined;
      if (this.#lines.lines > 0) this.#startInTime();
    });
  };

  async #writeBatch(): Promise<void> {
    const batch = this.#lines;
    this.#lines = this.#leaving;
    this.#leaving = batch;
    try {
      const told = this.#untold;
      const loss = told === 0 ? "" : this.#events.dropped(told, Date.now());
      const lines = batch.contents();
      await this.#file.append(loss === "" ? lines : Buffer.concat([Buffer.from(loss), lines]));
      this.#untold -= told;
      if (told > 0) this.#events.onLoss(told);
      this.#isFailing = false;
    } catch (error) {
      this.#lose(batch.lines);
      if (!this.#isFailing) this.#events.onFailure(wordsOf(error));
      this.#isFailing = true;
    }
    batch.clear();
  }

  #lose(count: number): void {
    this.#dropped += count;
    this.#untold += count;
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
