import { ProxyError } from "../../core/errors.ts";

/** Where a request's body goes. */
export interface UploadSink {
  /** Takes bytes for the connection (a string is ASCII). True when they were all sent, else `onDrain` is called then. */
  send(bytes: string | Uint8Array): boolean;
  /** Every byte of the body was sent. */
  onUploaded(): void;
  /** The body cannot be sent to its end: this ends the attempt and its connection. */
  onUploadFailed(error: unknown): void;
}

/** A chunk up to this long is copied, so that it goes out in one write with its size. */
const COPY_BYTES = 64 * 1024;
const CRLF = Buffer.from("\r\n");
const LAST_CHUNK = Buffer.from("0\r\n\r\n");

/** Sends one request's body as it comes, waiting for the upstream to take it (RFC 9112 6.2, 7.1). */
export class Upload {
  readonly #reader: Reader;
  /** What Content-Length says; -1 goes chunked. */
  readonly #length: number;
  readonly #sink: UploadSink;
  #sentBytes = 0;
  #drained: (() => void) | undefined = undefined;
  #isOver = false;

  constructor(body: ReadableStream<Uint8Array>, length: number, sink: UploadSink) {
    this.#reader = body.getReader();
    this.#length = length;
    this.#sink = sink;
  }

  /** Sends the request's head, `opening`, and all of the body behind it. Never rejects. */
  async run(opening: string | Buffer): Promise<void> {
    try {
      let reading = this.#reader.read();
      // The body of a small request is here a moment after the request (Bun 1.4.5): then one write takes both. The
      // head does not wait longer, since the body may wait for an answer.
      await firstOf(reading);
      if (Bun.peek.status(reading) !== "fulfilled") await this.#send(opening);
      else {
        const first = await reading;
        if (first.done || first.value.length > COPY_BYTES) await this.#send(opening);
        else {
          await this.#pass(first.value, opening);
          reading = this.#reader.read();
        }
      }
      await this.#passRest(reading);
    } catch (error) {
      if (this.#isOver) return;
      this.stop();
      this.#sink.onUploadFailed(error);
    }
  }

  /** The connection can take more. */
  onDrain(): void {
    const drained = this.#drained;
    this.#drained = undefined;
    drained?.();
  }

  /** Nobody wants the rest of the body. */
  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.onDrain();
    this.#reader.cancel().catch(() => {});
  }

  async #passRest(reading: Promise<Piece>): Promise<void> {
    for (let piece = await reading; !piece.done; piece = await this.#reader.read()) {
      if (this.#isOver) return;
      await this.#pass(piece.value, undefined);
    }
    if (this.#isOver) return;
    if (this.#length < 0) await this.#send(LAST_CHUNK);
    else if (this.#sentBytes < this.#length) throw wrongLength(this.#sentBytes, this.#length);
    if (this.#length <= 0 && !this.#isOver) this.#sink.onUploaded();
  }

  async #pass(bytes: Uint8Array, opening: string | Buffer | undefined): Promise<void> {
    if (this.#length < 0) {
      if (bytes.length > 0 || opening !== undefined) await this.#passChunk(bytes, opening);
      return;
    }
    this.#sentBytes += bytes.length;
    // One byte too many would be the beginning of another request to the upstream. The `!` also takes a NaN.
    if (!(this.#sentBytes <= this.#length)) throw wrongLength(this.#sentBytes, this.#length);
    await this.#send(opening === undefined ? bytes : Buffer.concat([latin1(opening), bytes]));
    // Not only when its stream says so: the answer may be here before that.
    if (this.#sentBytes === this.#length && !this.#isOver) this.#sink.onUploaded();
  }

  async #passChunk(bytes: Uint8Array, opening: string | Buffer | undefined): Promise<void> {
    const size = latin1(`${bytes.length.toString(16)}\r\n`);
    if (opening !== undefined) {
      const chunk = bytes.length === 0 ? [] : [size, bytes, CRLF];
      return this.#send(Buffer.concat([latin1(opening), ...chunk]));
    }
    if (bytes.length <= COPY_BYTES) return this.#send(Buffer.concat([size, bytes, CRLF]));
    await this.#send(size);
    await this.#send(bytes);
    await this.#send(CRLF);
  }

  async #send(bytes: string | Uint8Array): Promise<void> {
    if (this.#isOver || this.#sink.send(bytes)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#drained = resolve;
    await promise;
  }
}

type Piece = { readonly done: false; readonly value: Uint8Array } | { readonly done: true };

/** What is used of a stream's reader; Bun's and Node's types of it are at odds. */
interface Reader {
  read(): Promise<Piece>;
  cancel(): Promise<void>;
}

/** Resolves when `reading` is settled, or the event loop has turned once. */
function firstOf(reading: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const settled = (): void => resolve();
  setImmediate(settled);
  reading.then(settled, settled);
  return promise;
}

function latin1(text: string | Buffer): Buffer {
  return typeof text === "string" ? Buffer.from(text, "latin1") : text;
}

function wrongLength(sent: number, length: number): ProxyError {
  return new ProxyError("internal_error", `the request's body has ${sent} bytes where its Content-Length is ${length}`);
}
