const BLOCK_BYTES = 64 * 1024;

/** Bytes that both ends know by a seed and a length. No two blocks are alike, so that one out of its place is noticed. */
export class Payload {
  readonly length: number;
  readonly #block: Buffer;

  constructor(seed: number, length: number) {
    this.length = length;
    this.#block = Buffer.alloc(Math.min(BLOCK_BYTES, Math.max(length, 8)));
    let word = seed | 1;
    for (let at = 0; at + 4 <= this.#block.length; at += 4) {
      // Xorshift.
      word ^= word << 13;
      word ^= word >>> 17;
      word ^= word << 5;
      this.#block.writeInt32LE(word, at);
    }
  }

  /** All of it, in order. */
  *pieces(): Generator<Uint8Array<ArrayBuffer>> {
    for (let at = 0; at < this.length; at += BLOCK_BYTES) {
      const piece = new Uint8Array(this.#block);
      new DataView(piece.buffer).setUint32(0, at);
      yield piece.subarray(0, this.length - at);
    }
  }

  bytes(): Buffer<ArrayBuffer> {
    return Buffer.concat([...this.pieces()], this.length) as Buffer<ArrayBuffer>;
  }

  get checksum(): string {
    const sum = new Checksum();
    for (const piece of this.pieces()) sum.add(piece);
    return sum.hex();
  }
}

/** Of bytes as they come. */
export class Checksum {
  readonly #hasher = new Bun.CryptoHasher("sha256");
  bytes = 0;

  add(piece: Uint8Array): void {
    this.#hasher.update(piece);
    this.bytes += piece.length;
  }

  hex(): string {
    return this.#hasher.digest("hex");
  }
}

/** What came is not what was sent. That is never excused. */
export class WrongContent extends Error {}
