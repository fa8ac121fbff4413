/** Room that is made at once. */
const CHUNK_BYTES = 64 * 1024;
/** UTF-16 code units that are most bytes in UTF-8. */
const MOST_BYTES_PER_CHAR = 3;

/**
 * Lines as the bytes they will be, put down at once: as strings, which are trees of pieces until somebody reads them, they
 * would be what the garbage collector has most to do with.
 */
export class LineBuffer {
  readonly #full: Buffer[] = [];
  #chunk: Buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  #used = 0;
  #bytes = 0;
  #lines = 0;

  /** How many bytes there are. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many lines. */
  get lines(): number {
    return this.#lines;
  }

  add(line: string): void {
    const most = line.length * MOST_BYTES_PER_CHAR;
    if (this.#used + most > this.#chunk.length) this.#make(most);
    const count = this.#chunk.write(line, this.#used);
    this.#used += count;
    this.#bytes += count;
    this.#lines++;
  }

  /** Everything so far, in order; it is empty then. */
  take(): Buffer {
    const bytes =
      this.#full.length === 0
        ? this.#chunk.subarray(0, this.#used)
        : Buffer.concat([...this.#full.splice(0), this.#chunk.subarray(0, this.#used)]);
    // What is left of the chunk goes on being used behind what was taken.
    this.#chunk = this.#chunk.subarray(this.#used);
    this.#used = 0;
    this.#bytes = 0;
    this.#lines = 0;
    return bytes;
  }

  #make(bytes: number): void {
    if (this.#used > 0) this.#full.push(this.#chunk.subarray(0, this.#used));
    this.#chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, bytes));
    this.#used = 0;
  }
}
