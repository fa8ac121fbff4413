const POOL_BYTES = 4096;

/** Random numbers in hexadecimal, none of them 0. They are drawn by the hundred: asking for a few bytes costs as much. */
export class RandomHex {
  readonly #pool = Buffer.alloc(POOL_BYTES);
  #used = POOL_BYTES;

  /** Of so many bytes, a few at most. */
  next(bytes: number): string {
    if (this.#used + bytes > POOL_BYTES) {
      crypto.getRandomValues(this.#pool);
      this.#used = 0;
    }
    const text = this.#pool.toString("hex", this.#used, this.#used + bytes);
    this.#used += bytes;
    return /[^0]/.test(text) ? text : this.next(bytes);
  }
}
