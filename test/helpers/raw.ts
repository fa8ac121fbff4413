import { type RawHead, parseHead } from "./raw-head.ts";

/** How long a test waits for something that should come at once. */
export const DEADLINE_MS = 5_000;

/** How the other side ended a connection: by FIN, or by a reset. */
export type Ending = "fin" | "reset";

/** What Bun.listen and Bun.connect need: each socket's events go to the `RawConnection` in its `data`. */
export const SOCKET_HANDLER = {
  data: (socket: Bun.Socket<RawConnection>, bytes: Buffer) => socket.data.onData(bytes),
  drain: (socket: Bun.Socket<RawConnection>) => socket.data.onDrain(),
  end: (socket: Bun.Socket<RawConnection>) => socket.data.onEnd("fin"),
  // A TLS handshake that fails comes here before the connection was accepted.
  error: (socket: Bun.Socket<RawConnection | undefined>) => socket.data?.onEnd("reset"),
  close: (socket: Bun.Socket<RawConnection | undefined>, error?: Error) =>
    socket.data?.onEnd(error === undefined ? "fin" : "reset"),
} as const;

/**
 * One TCP (or TLS, or unix) connection that hides nothing. What came is read in order by `head`, `take`, `chunk` and
 * `rest`, each of which waits until there is enough, with a deadline; `until` waits for any other condition.
 */
export class RawConnection implements Disposable {
  #socket: Bun.Socket<RawConnection> | undefined = undefined;
  #pieces: Buffer[] = [];
  /** Bytes in `#pieces`, which were not read yet. */
  #unread = 0;
  #outgoing: Buffer[] = [];
  #endAfterOutgoing = false;
  #waiting = new Set<() => void>();
  /** All bytes that came, read or not. */
  receivedBytes = 0;
  /** How the other side ended it; undefined while it is open. */
  ending: Ending | undefined = undefined;

  /** Called once with the socket, before anything else. */
  attach(socket: Bun.Socket<RawConnection>): void {
    this.#socket = socket;
    this.onDrain();
  }

  onData(bytes: Buffer): void {
    // Bun uses the memory of `bytes` again.
    this.#pieces.push(Buffer.from(bytes));
    this.#unread += bytes.length;
    this.receivedBytes += bytes.length;
    this.#wake();
  }

  onEnd(how: Ending): void {
    this.ending ??= how;
    this.#wake();
  }

  onDrain(): void {
    for (let next = this.#outgoing[0]; next !== undefined; next = this.#outgoing[0]) {
      const written = this.#socket?.write(next) ?? 0;
      if (written < next.length) {
        this.#outgoing[0] = next.subarray(Math.max(written, 0));
        return;
      }
      this.#outgoing.shift();
    }
    this.#wake();
    if (this.#endAfterOutgoing) this.#socket?.end();
  }

  /** Bytes given to `send` that the system has not taken yet: back-pressure, when it does not fall. */
  get unsentBytes(): number {
    return this.#outgoing.reduce((sum, piece) => sum + piece.length, 0);
  }

  /** Sends bytes; of a text, each character is one byte (Latin-1). */
  send(data: string | Uint8Array): void {
    this.#outgoing.push(typeof data === "string" ? Buffer.from(data, "latin1") : Buffer.from(data));
    if (this.#outgoing.length === 1 && this.#socket !== undefined) this.onDrain();
  }

  /** Sends FIN after what `send` was given. */
  end(): void {
    this.#endAfterOutgoing = true;
    if (this.#outgoing.length === 0) this.#socket?.end();
  }

  /** Sends a reset. */
  reset(): void {
    this.#socket?.terminate();
  }

  /** Reads nothing more from the system until `resume`. */
  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  /** What came and was not read yet, without taking it. */
  get unread(): Buffer {
    if (this.#pieces.length !== 1) this.#pieces = [Buffer.concat(this.#pieces)];
    return this.#pieces[0] as Buffer;
  }

  /** Waits for a condition, which is asked again after each event of this connection. */
  async until(condition: () => boolean, what: string, deadlineMs = DEADLINE_MS): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<"late">();
    const timer = setTimeout(resolve, deadlineMs, "late");
    try {
      while (!condition()) {
        const { promise: event, resolve: wake } = Promise.withResolvers<"event">();
        const listener = () => wake("event");
        this.#waiting.add(listener);
        const first = await Promise.race([event, late]);
        this.#waiting.delete(listener);
        if (first === "late" && !condition()) throw this.#failure(`waited ${deadlineMs} ms for ${what}`);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Reads exactly so many bytes. */
  async take(count: number): Promise<Buffer> {
    await this.#enough(() => this.#unread >= count, `${count} bytes`);
    return this.#take(count);
  }

  /** Reads the head of the next message. */
  async head(): Promise<RawHead> {
    await this.#enough(() => this.unread.includes("\r\n\r\n"), "a message head");
    return parseHead(this.#take(this.unread.indexOf("\r\n\r\n") + 4));
  }

  /** Reads one chunk of a chunked body; empty is the last one (its trailers are read too). */
  async chunk(): Promise<Buffer> {
    await this.#enough(() => this.unread.includes("\r\n"), "a chunk's size");
    const line = this.#take(this.unread.indexOf("\r\n") + 2).toString("latin1");
    const size = Number.parseInt(line, 16);
    if (Number.isNaN(size)) throw this.#failure(`no chunk size: ${JSON.stringify(line)}`);
    if (size > 0) return (await this.take(size + 2)).subarray(0, size);
    for (let trailer = ""; trailer !== "\r\n";) {
      await this.#enough(() => this.unread.includes("\r\n"), "the end of the trailers");
      trailer = this.#take(this.unread.indexOf("\r\n") + 2).toString("latin1");
    }
    return Buffer.alloc(0);
  }

  /** Reads everything up to the end of the connection; `ending` tells how that was. */
  async rest(): Promise<Buffer> {
    await this.ended();
    return this.#take(this.#unread);
  }

  /** Waits for the end of the connection. */
  async ended(): Promise<Ending> {
    await this.until(() => this.ending !== undefined, "the end of the connection");
    return this.ending as Ending;
  }

  [Symbol.dispose](): void {
    this.#socket?.terminate();
  }

  #take(count: number): Buffer {
    const all = this.unread;
    this.#pieces = [all.subarray(count)];
    this.#unread -= count;
    return all.subarray(0, count);
  }

  async #enough(condition: () => boolean, what: string): Promise<void> {
    await this.until(() => condition() || this.ending !== undefined, what);
    if (!condition()) throw this.#failure(`the connection ended (${this.ending}) before ${what} came`);
  }

  #failure(what: string): Error {
    return new Error(`${what}; unread: ${JSON.stringify(this.unread.toString("latin1").slice(0, 500))}`);
  }

  #wake(): void {
    for (const listener of this.#waiting) listener();
  }
}
