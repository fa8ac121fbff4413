/** Room at the start: a process may have a log for each of its sites. It doubles where it was too small, up to the most. */
const LEAST_ROOM_BYTES = 16 * 1024;
const MOST_ROOM_BYTES = 512 * 1024;
/** UTF-16 code units that are most bytes in UTF-8. */
const MOST_BYTES_PER_CHAR = 3;

/** What Node's Buffer has beside `write`, which chooses by encoding and costs four times as much (Bun 1.4.5). */
type Utf8Writer = Buffer & { utf8Write(text: string, offset: number): number };

/**
 * Lines as the bytes they will be, put down at once: as strings, which are trees of pieces until somebody reads them, they
 * would be what the garbage collector has most to do with.
 */
export class LineBuffer {
  #room = roomFor(LEAST_ROOM_BYTES);
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
      this.#chunk = roomFor(Math.max(this.#room.length, most));
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
    const { length } = this.#room;
    if (this.#full.length > 0 && length < MOST_ROOM_BYTES) this.#room = roomFor(length * 2);
    this.#full = [];
    this.#chunk = this.#room;
    this.#used = 0;
    this.#bytes = 0;
    this.#lines = 0;
  }
}

function roomFor(bytes: number): Utf8Writer {
  return Buffer.allocUnsafeSlow(bytes) as Utf8Writer;
}
