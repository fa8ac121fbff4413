import type { BrotliOptions, Gzip, ZlibOptions, ZstdOptions } from "node:zlib";
import type { EncodeConfig } from "../../config/routes-model.ts";
import { zlib } from "../../core/zlib.ts";

type Encoding = EncodeConfig["formats"][number];
type Compressor = Gzip;

export interface Compression {
  readonly gzipLevel: number;
}

/** Fast ones: the text is compressed anew for each request. The window of brotli is half a megabyte, not four. */
function brotliOptions(): BrotliOptions {
  const { constants } = zlib();
  return { params: { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_LGWIN]: 19 } };
}

function zstdOptions(): ZstdOptions {
  return { params: { [zlib().constants.ZSTD_c_compressionLevel]: 3 } };
}

function gzipOptions({ gzipLevel }: Compression): ZlibOptions {
  return { level: gzipLevel };
}

function compressor(encoding: Encoding, compression: Compression): Compressor {
  switch (encoding) {
    case "gzip":
      return zlib().createGzip(gzipOptions(compression));
    case "br":
      return zlib().createBrotliCompress(brotliOptions()) as unknown as Compressor;
    case "zstd":
      return zlib().createZstdCompress(zstdOptions()) as unknown as Compressor;
  }
}

/** What makes each of them give out all it has. */
function flushOf(encoding: Encoding): number {
  const { constants } = zlib();
  switch (encoding) {
    case "gzip":
      return constants.Z_SYNC_FLUSH;
    case "br":
      return constants.BROTLI_OPERATION_FLUSH;
    case "zstd":
      return constants.ZSTD_e_flush;
  }
}

/** What takes a millisecond, or less (AMD EPYC): other requests of the worker wait for so long. */
const QUICK_BYTES: Readonly<Record<Encoding, number>> = { gzip: 128 * 1024, zstd: 128 * 1024, br: 32 * 1024 };
/** Higher ones take several times as long. */
const MOST_QUICK_LEVEL = 6;

/**
 * Whether bytes in hand are compressed at once: as a stream they cost half as much again, and their length is not known.
 */
export function isQuick(encoding: Encoding, { gzipLevel }: Compression, length: number): boolean {
  return length <= QUICK_BYTES[encoding] && (encoding !== "gzip" || gzipLevel <= MOST_QUICK_LEVEL);
}

/** Compresses bytes in hand. */
export function compressWhole(
  encoding: Encoding,
  compression: Compression,
  bytes: Uint8Array,
): Uint8Array<ArrayBuffer> {
  switch (encoding) {
    case "gzip":
      // Of the two that Bun has it takes a third less time than zlib, and gives less (1.4.5).
      return Bun.gzipSync(bytes as Uint8Array<ArrayBuffer>, {
        library: "libdeflate",
        level: compression.gzipLevel as NonNullable<Bun.LibdeflateCompressionOptions["level"]>,
      });
    case "br":
      return zlib().brotliCompressSync(bytes, brotliOptions());
    case "zstd":
      return zlib().zstdCompressSync(bytes, zstdOptions());
  }
}

/**
 * Compresses a stream while it passes. It is read only as fast as the result is; what is there goes out when nothing
 * more comes for the moment, so that a slow stream is not held back; who stops reading ends the source.
 */
export function compressStream(
  encoding: Encoding,
  compression: Compression,
  source: ReadableStream<Uint8Array>,
): ReadableStream<Uint8Array> {
  const stream = new CompressedStream(source, compressor(encoding, compression), flushOf(encoding));
  return new ReadableStream(
    {
      start: (controller) => stream.start(controller),
      pull: () => stream.pull(),
      cancel: (reason) => stream.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

interface Sink {
  enqueue(chunk: Uint8Array): void;
  close(): void;
  error(reason: unknown): void;
}

type Piece = { readonly done: false; readonly value: Uint8Array } | { readonly done: true };

interface Reader {
  read(): Promise<Piece>;
  cancel(reason: unknown): Promise<void>;
}

class CompressedStream {
  readonly #reader: Reader;
  readonly #compressor: Compressor;
  readonly #flush: number;
  #sink: Sink | undefined;
  /** The piece that comes next, already asked for. */
  #next: Promise<Piece> | undefined;
  /** Chunks that came out since the last `pull`. */
  #made = 0;
  #isOver = false;

  constructor(source: ReadableStream<Uint8Array>, through: Compressor, flush: number) {
    this.#reader = source.getReader();
    this.#compressor = through;
    this.#flush = flush;
  }

  start(sink: Sink): void {
    this.#sink = sink;
    this.#compressor.on("data", (chunk: Uint8Array) => {
      if (this.#isOver) return;
      this.#made++;
      sink.enqueue(chunk);
    });
    this.#compressor.on("error", (error) => this.#fail(error));
  }

  /** Reads until something came out. */
  async pull(): Promise<void> {
    this.#made = 0;
    try {
      while (this.#made === 0 && !this.#isOver) {
        const piece = await (this.#next ?? this.#reader.read());
        this.#next = undefined;
        if (piece.done) return await this.#end();
        await this.#write(piece.value);
        this.#next = this.#reader.read();
        // It is asked for, so its failure is told by the next turn of this loop and not as nobody's.
        this.#next.catch(() => {});
        if (Bun.peek.status(this.#next) === "pending") await this.#flushed();
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  cancel(reason: unknown): void {
    this.#isOver = true;
    this.#compressor.destroy();
    this.#reader.cancel(reason).catch(() => {});
  }

  #write(piece: Uint8Array): Promise<void> {
    return this.#done((then) => void this.#compressor.write(piece, then));
  }

  #flushed(): Promise<void> {
    return this.#done((then) => this.#compressor.flush(this.#flush, () => then()));
  }

  /** Also when it was destroyed meanwhile, which may leave a callback uncalled. */
  #done(start: (then: (error?: Error | null) => void) => void): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const closed = (): void => resolve();
    this.#compressor.once("close", closed);
    start((error) => {
      this.#compressor.off("close", closed);
      if (error === undefined || error === null) resolve();
      else reject(error);
    });
    return promise;
  }

  async #end(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#compressor.once("end", resolve);
      this.#compressor.once("close", resolve);
      this.#compressor.end();
    });
    if (this.#isOver) return;
    this.#isOver = true;
    this.#sink?.close();
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#compressor.destroy();
    this.#reader.cancel(error).catch(() => {});
    this.#sink?.error(error);
  }
}
