const BLOCK_BYTES = 64 * 1024;

/** Bytes that a socket would not take yet, in order. Small pieces are put together, large ones kept as they are. */
export class ByteQueue {
  #blocks: Buffer[] = [];
  /** Where the unsent part of the first block begins. */
  #from = 0;
  /** How much of the last block is used. */
  #used = 0;
  /** True when the last block has room that may be written to. */
  #isOpen = false;
  /** Bytes waiting. */
  length = 0;

  /** Takes a copy of a piece that will not last. */
  copy(bytes: Buffer, start: number, end: number): void {
    let at = start;
    this.length += end - start;
    while (at < end) {
      if (!this.#isOpen) {
        this.#seal();
        this.#blocks.push(Buffer.allocUnsafeSlow(BLOCK_BYTES));
        this.#used = 0;
        this.#isOpen = true;
      }
      const last = this.#blocks.at(-1) as Buffer;
      const count = Math.min(end - at, last.length - this.#used);
      bytes.copy(last, this.#used, at, at + count);
      this.#used += count;
      at += count;
      if (this.#used === last.length) this.#isOpen = false;
    }
  }

  /** Takes a piece that nobody else will write to. */
  keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#seal();
    this.#blocks.push(bytes);
    this.#used = bytes.length;
    this.length += bytes.length;
  }

  /** Gives what waits to `write`, which says how much of it was taken, until that is less than all. */
  drain(write: (bytes: Buffer, start: number, count: number) => number): void {
    while (this.length > 0) {
      const block = this.#blocks[0] as Buffer;
      const end = this.#blocks.length === 1 ? this.#used : block.length;
      const taken = write(block, this.#from, end - this.#from);
      if (taken <= 0) return;
      this.length -= taken;
      this.#from += taken;
      if (this.#from < end) return;
      this.#from = 0;
      this.#blocks.shift();
      if (this.#blocks.length === 0) this.clear();
    }
  }

  /** All that waits, in one piece of its own. */
  rest(): Buffer {
    this.#seal();
    return Buffer.concat(this.#blocks).subarray(this.#from);
  }

  clear(): void {
    this.#blocks = [];
    this.#from = 0;
    this.#used = 0;
    this.#isOpen = false;
    this.length = 0;
  }

  /** The last block ends where it is filled to, so that every block but the last is used to its end. */
  #seal(): void {
    this.#isOpen = false;
    const index = this.#blocks.length - 1;
    const last = this.#blocks[index];
    if (last !== undefined && this.#used < last.length) this.#blocks[index] = last.subarray(0, this.#used);
  }
}
