/** Room that is kept; more is made, and given back, when much waits. */
const ROOM_BYTES = 256 * 1024;
/** UTF-16 code units that are most bytes in UTF-8. */
const MOST_BYTES_PER_CHAR = 3;

/** What Node's Buffer has beside `write`, which chooses by encoding and costs four times as much (Bun 1.4.5). */
type Utf8Writer = Buffer & { utf8Write(text: string, offset: number): number };

/**
 * Lines as the bytes they will be, put down at once: as strings, which are trees of pieces until somebody reads them, they
 * would be what the garbage collector has most to do with.
 */
export class LineBuffer {
  readonly #room = Buffer.allocUnsafeSlow(ROOM_BYTES) as Utf8Writer;
  /** What is full already, where there is more than one. */
  #full: Buffer[] = [];
  #chunk = this.#room;
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
    if (this.#used + most > this.#chunk.length) {
      this.#full.push(this.#chunk.subarray(0, this.#used));
      this.#chunk = Buffer.allocUnsafeSlow(Math.max(ROOM_BYTES, most)) as Utf8Writer;
      this.#used = 0;
    }
    const count = this.#chunk.utf8Write(line, this.#used);
    this.#used += count;
    this.#bytes += count;
    this.#lines++;
  }

  /** Everything, in order; good until it is cleared. */
  contents(): Buffer {
    const last = this.#chunk.subarray(0, this.#used);
    return this.#full.length === 0 ? last : Buffer.concat([...this.#full, last]);
  }

  clear(): void {
    this.#full = [];
    this.#chunk = this.#room;
    this.#used = 0;
    this.#bytes = 0;
    this.#lines = 0;
  }
}
