/**
 * How an upstream's answer goes to the client. Every form here answers a fact about Bun 1.4.5:
 *
 * - The Content-Length of a streamed body is dropped and the body is chunked, so what is short enough is gathered.
 * - Bytes, a Blob or a native body without Content-Type get `application/octet-stream`; a stream gets none.
 * - An answer of about 15 KB or more as bytes is written a header line at a time; a direct stream whose
 *   high-water mark covers it goes out in one call.
 * - The end of the head is held back until the first byte of a streamed body.
 */

/** From this many bytes on a body goes as a direct stream. */
const DIRECT_FROM_BYTES = 12_000;

/** An event stream that is silent for so long after its head gets a comment, see `pump`. */
const SILENCE_MS = 5;
/** A comment line, which every reader of event streams ignores (HTML, server-sent events, 9.2.6). */
const COMMENT = ":\n";

/** Bun's type of controller for a direct stream. */
type DirectController = ReadableStreamDirectController;

/** True for gathered bytes that go best as they are; other ones go by `directBody`. */
export function goesAsBytes(length: number, hasContentType: boolean): boolean {
  return hasContentType && length < DIRECT_FROM_BYTES;
}

export interface DirectBodyEvents {
  /** Nothing but the end is still to go: the last moment at which Bun surely knows the request (1.4.5). */
  beforeEnd(): void;
  /** The client did not take it all at once. */
  slow(): void;
  /** Told once, when the client has taken all (true), or has gone (false): until then the bytes are held in memory. */
  sent(isWhole: boolean): void;
}

/** Gathered bytes as a stream that keeps Content-Length and invents no Content-Type. */
export function directBody(bytes: Uint8Array<ArrayBuffer>, events: DirectBodyEvents): ReadableStream {
  return new ReadableStream(
    {
      type: "direct",
      pull(controller) {
        void controller.write(bytes);
        events.beforeEnd();
        // A promise is a client that is slow to read; it comes to 0 when that client goes (Bun 1.4.5).
        const ended: number | Promise<number> = controller.end() as number | Promise<number>;
        if (typeof ended === "number") return events.sent(true);
        events.slow();
        ended.then((count) => events.sent(count > 0)).catch(() => events.sent(false));
      },
    },
    { highWaterMark: bytes.length + 1 },
  );
}

/**
 * For the answer to a HEAD without Content-Length: Bun would add `content-length: 0`, as if a GET gave nothing. With a
 * stream, which it does not read, it leaves the length open (Bun 1.4.5).
 */
export function unknownLength(): ReadableStream {
  return new ReadableStream({ type: "direct", pull() {} });
}

export interface PumpOptions {
  /** Each piece passes through here when it is given; undefined sends the piece as it is. */
  readonly filter: ((chunk: Uint8Array) => Promise<Uint8Array | undefined> | Uint8Array | undefined) | undefined;
  /** Longest silence between two pieces; 0 is off. */
  readonly readTimeoutMs: number;
  /** An event stream: its head must reach the client before its first event does. */
  readonly isEventStream: boolean;
  /** Told of each piece that is handed on. */
  readonly sent: (bytes: number) => void;
  /** Given, once, what ends the body early and as if it were whole; only for a stream that may be taken up again. */
  readonly onLeave?: ((leave: () => void) => void) | undefined;
  /** Called when nothing but the end is still to go: the last moment at which Bun knows the request (1.4.5). */
  readonly beforeEnd: () => void;
}

/** Told exactly once how the body ended: undefined for well, else why not. */
export type PumpEnd = (error: unknown) => void;

/** The reason a body was cut for its silence. */
export const READ_TIMEOUT = Symbol("read timeout");
/** The reason a stream was left because its route is gone. */
const GOING_AWAY = Symbol("going away");
/** The reason a body was cut because the client went away. */
export const CLIENT_GONE = Symbol("client gone");

/**
 * Hands an upstream's body on piece by piece as it comes, with back-pressure, and
 * says how it ended. A body that breaks off breaks the client's connection, never looks complete.
 */
export function pump(source: ReadableStream<Uint8Array>, options: PumpOptions, ended: PumpEnd): ReadableStream {
  const reader: Reader & { cancel(reason: unknown): Promise<void> } = source.getReader();
  let over = false;
  const finish = (error: unknown): void => {
    if (over) return;
    over = true;
    ended(error);
  };
  // A reader that is cancelled gives an end to who waits for its next piece.
  options.onLeave?.(() => void reader.cancel(GOING_AWAY).catch(() => {}));
  return new ReadableStream({
    type: "direct",
    async pull(controller: DirectController) {
      try {
        if (options.isEventStream) await openEventStream(reader, controller, options);
        for (;;) {
          const piece = await read(reader, options.readTimeoutMs);
          if (piece.done) break;
          const waiting = pass(piece.value, controller, options);
          if (waiting !== undefined) await waiting;
        }
        options.beforeEnd();
        await controller.end();
        finish(undefined);
      } catch (error) {
        // The upstream's connection must not live on behind a cut body.
        reader.cancel(error).catch(() => {});
        finish(error);
        throw error;
      }
    },
    cancel() {
      reader.cancel(CLIENT_GONE).catch(() => {});
      finish(CLIENT_GONE);
    },
  });
}

/** Sends the first piece; where that does not come at once, a comment goes before it and takes the head along. */
async function openEventStream(reader: Reader, controller: DirectController, options: PumpOptions): Promise<void> {
  const first = read(reader, options.readTimeoutMs);
  const { promise: silence, resolve } = Promise.withResolvers<"silent">();
  const timer = setTimeout(resolve, SILENCE_MS, "silent");
  const winner = await Promise.race([first, silence]);
  clearTimeout(timer);
  if (winner === "silent") {
    void controller.write(COMMENT);
    void controller.flush();
  }
  const piece = await first;
  if (!piece.done) await pass(piece.value, controller, options);
}

/** The whole of a body, given up after so long a silence within it. */
export async function gather(source: ReadableStream<Uint8Array>, readTimeoutMs: number): Promise<Uint8Array> {
  const reader: Reader & { cancel(reason: unknown): Promise<void> } = source.getReader();
  const pieces: Uint8Array[] = [];
  try {
    for (let piece = await read(reader, readTimeoutMs); !piece.done; piece = await read(reader, readTimeoutMs)) {
      pieces.push(piece.value);
    }
  } catch (error) {
    reader.cancel(error).catch(() => {});
    throw error;
  }
  return Buffer.concat(pieces);
}

interface Reader {
  read(): Promise<Piece>;
}
type Piece = { readonly done: false; readonly value: Uint8Array } | { readonly done: true };

/** Hands one piece on. A promise is back-pressure, or the filter at work; pieces that need none make none. */
function pass(piece: Uint8Array, controller: DirectController, options: PumpOptions): Promise<unknown> | undefined {
  if (options.filter === undefined) return write(piece, controller, options);
  return Promise.resolve(options.filter(piece)).then((chunk) => write(chunk ?? piece, controller, options));
}

function write(chunk: Uint8Array, controller: DirectController, options: PumpOptions): Promise<unknown> | undefined {
  if (chunk.length === 0) return undefined;
  const written: unknown = controller.write(chunk as Uint8Array<ArrayBuffer>);
  void controller.flush();
  options.sent(chunk.length);
  // A promise: the client has not taken it yet.
  return written instanceof Promise ? written : undefined;
}

function read(reader: Reader, timeoutMs: number): Promise<Piece> {
  const reading = reader.read();
  if (timeoutMs <= 0) return reading;
  const { promise, resolve, reject } = Promise.withResolvers<Piece>();
  const timer = setTimeout(reject, timeoutMs, READ_TIMEOUT);
  reading.then(resolve, reject).finally(() => clearTimeout(timer));
  return promise;
}
