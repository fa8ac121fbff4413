/** Of what a worker writes on standard error by itself this much is kept, the last of it. */
const KEPT_CHARS = 2_000;
const NEWLINE = 0x0a;

/**
 * Passes on what a worker writes, whole lines only, so that the lines of several never run into each other. It reads no
 * faster than what it has is written.
 */
export class LineRelay {
  /** Comes when all has been read and passed on. */
  readonly over: Promise<void>;
  readonly #write: (bytes: Buffer) => Promise<void>;
  #last = "";

  constructor(from: ReadableStream<Uint8Array>, write: (bytes: Buffer) => Promise<void>) {
    this.#write = write;
    this.over = this.#run(from);
  }

  /** The end of what was passed on, without the newline. */
  get last(): string {
    return this.#last.trimEnd();
  }

  async #run(from: ReadableStream<Uint8Array>): Promise<void> {
    let rest: Buffer = Buffer.alloc(0);
    for await (const piece of from) {
      const bytes = Buffer.concat([rest, piece]);
      const end = bytes.lastIndexOf(NEWLINE) + 1;
      rest = Buffer.from(bytes.subarray(end));
      if (end > 0) await this.#pass(bytes.subarray(0, end));
    }
    if (rest.length > 0) await this.#pass(Buffer.concat([rest, Buffer.of(NEWLINE)]));
  }

  async #pass(bytes: Buffer): Promise<void> {
    this.#last = (this.#last + bytes.toString("utf8")).slice(-KEPT_CHARS);
    // Nobody reads any more: the worker is not to be held up by that.
    await this.#write(bytes).catch(() => {});
  }
}
