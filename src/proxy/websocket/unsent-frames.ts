/** Ping, pong and close (RFC 6455 5.2): they speak of their own connection. */
const CONTROL = 0x08;

/**
 * Where frames begin in a queue of their bytes. Each is a message, or a control frame. Lengths alone are kept, until the queue
 * was empty: what was taken of it meanwhile came off its front.
 */
export class UnsentFrames {
  #lengths: number[] = [];

  /** A frame of so many bytes was queued, all of it or its end. */
  add(bytes: number): void {
    this.#lengths.push(bytes);
  }

  clear(): void {
    this.#lengths = [];
  }

  /** The messages that are whole in what is left of the queue, in order. */
  of(rest: Buffer): Buffer[] {
    const found: Buffer[] = [];
    let end = rest.length;
    for (let i = this.#lengths.length - 1; i >= 0; i--) {
      const start = end - (this.#lengths[i] as number);
      if (start < 0) break;
      if (((rest[start] as number) & CONTROL) === 0) found.push(rest.subarray(start, end));
      end = start;
    }
    return found.reverse();
  }
}
