import {
  type AccessLogFormat,
  accessLine,
  type AccessRecord,
  droppedLine,
  type WebSocketRecord,
} from "./access-line.ts";
import { LineFile, type LineOutput } from "./line-file.ts";

export type { AccessLogFormat, AccessRecord, WebSocketRecord };
export type AccessLogOutput = LineOutput;

/** A log of requests: one per distinct output. */
export interface AccessLog extends AsyncDisposable {
  /** Never waits, never throws: what the output cannot take in time is dropped, counted, and told of in the log. */
  write(record: AccessRecord): void;
  /** Lines that were lost so far. */
  readonly dropped: number;
  /** Comes when everything so far is written, or lost. */
  flush(): Promise<void>;
  /** Closes its file; the next line opens what has its name then (after the file was moved away). */
  reopen(): Promise<void>;
}

/** @param onFailure is told once why the output cannot be written to, and again only after it could be meanwhile */
export function openAccessLog(
  output: AccessLogOutput,
  format: AccessLogFormat,
  onFailure: (reason: string) => void = () => {},
): AccessLog {
  return new BufferedLog(new LineFile(output), format, onFailure);
}

/** Lines wait so long for others, so that many go out in one call. */
const GATHER_MS = 20;
/** Past this a batch goes out at once. */
const BATCH_BYTES = 64 * 1024;
/** So much may wait for a slow output. */
const MOST_WAITING_BYTES = 8 * 1024 * 1024;
/** A stop does not wait longer than this for an output that takes nothing. */
const CLOSING_MS = 2000;

class BufferedLog implements AccessLog {
  readonly #file: LineFile;
  readonly #format: AccessLogFormat;
  readonly #onFailure: (reason: string) => void;
  #lines: string[] = [];
  /** Length of `lines`, in chars, and how much of all is not written yet. */
  #gathered = 0;
  #waiting = 0;
  #dropped = 0;
  /** Of them, those that the log was not told of yet. */
  #untold = 0;
  #timer: Timer | undefined = undefined;
  #writing: Promise<void> | undefined = undefined;
  #isFailing = false;

  constructor(file: LineFile, format: AccessLogFormat, onFailure: (reason: string) => void) {
    this.#file = file;
    this.#format = format;
    this.#onFailure = onFailure;
  }

  get dropped(): number {
    return this.#dropped;
  }

  write(record: AccessRecord): void {
    if (this.#waiting >= MOST_WAITING_BYTES) return this.#lose(1);
    const line = accessLine(record, this.#format);
    this.#lines.push(line);
    this.#gathered += line.length;
    this.#waiting += line.length;
    if (this.#writing !== undefined) return;
    if (this.#gathered >= BATCH_BYTES) this.#start();
    else this.#timer ??= setTimeout(() => this.#start(), GATHER_MS);
  }

  async flush(): Promise<void> {
    while (this.#lines.length > 0 || this.#writing !== undefined) {
      this.#start();
      await this.#writing;
    }
  }

  async reopen(): Promise<void> {
    await this.flush();
    await this.#file.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, CLOSING_MS);
    await Promise.race([this.flush(), late]);
    clearTimeout(timer);
    if (this.#writing === undefined) await this.#file.close();
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing ??= this.#writeAll().finally(() => (this.#writing = undefined));
  }

  /** Until nothing is left: what comes while a batch is written makes the next one. */
  async #writeAll(): Promise<void> {
    while (this.#lines.length > 0) {
      const lines = this.#lines;
      const length = this.#gathered;
      this.#lines = [];
      this.#gathered = 0;
      try {
        const told = this.#untold;
        const loss = told === 0 ? "" : droppedLine(told, Date.now(), this.#format);
        await this.#file.append(Buffer.from(loss + lines.join("")));
        this.#untold -= told;
        this.#isFailing = false;
      } catch (error) {
        this.#lose(lines.length);
        if (!this.#isFailing) this.#onFailure(error instanceof Error ? error.message : String(error));
        this.#isFailing = true;
      }
      this.#waiting -= length;
    }
  }

  #lose(count: number): void {
    this.#dropped += count;
    this.#untold += count;
  }
}
