/** Bytes that answers being gathered may take together in one worker, so that many at once cannot exhaust memory. */
export class BufferBudget {
  readonly #totalBytes: number;
  #usedBytes = 0;

  constructor(totalBytes: number) {
    this.#totalBytes = totalBytes;
  }

  /** Takes `bytes` from the budget; false when there are not so many left, and then nothing was taken. */
  take(bytes: number): boolean {
    if (this.#usedBytes + bytes > this.#totalBytes) return false;
    this.#usedBytes += bytes;
    return true;
  }

  /** Gives back what was taken. */
  give(bytes: number): void {
    this.#usedBytes -= bytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }
}
