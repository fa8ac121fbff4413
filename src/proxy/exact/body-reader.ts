/** Takes the pieces of a body, in order. They are views of what was read, and are not written to again. */
export interface BodySink {
  onPiece(piece: Uint8Array): void;
}

/** How the end of a body is known (RFC 9112 6.3). */
export type Framing =
  | { readonly type: "length"; readonly length: number }
  | { readonly type: "chunked" }
  | { readonly type: "until-close" };

/** `broken` is a body that is not what its framing says. */
export type BodyState = "open" | "whole" | "broken";

/** A chunk's size line is not let grow past this, nor are all trailers together. */
const MAX_LINE_BYTES = 8 * 1024;
const MAX_TRAILER_BYTES = 64 * 1024;
/** 2^52 - 1 and less, so that it stays a whole number. */
const MAX_SIZE_DIGITS = 13;

const CR = 13;
const LF = 10;
const SEMICOLON = 59;

/** Finds the end of one body in what a connection gives. Data in, pieces out; holds no bytes. */
export class BodyReader {
  #state: BodyState = "open";
  /** Of the body, or of the present chunk. */
  #left: number;
  readonly #type: Framing["type"];
  #place: ChunkPlace = "size";
  /** Of the present size line, or of the trailers. */
  #lineBytes = 0;
  #sizeDigits = 0;

  constructor(framing: Framing) {
    this.#type = framing.type;
    this.#left = framing.type === "length" ? framing.length : 0;
    if (framing.type === "length" && framing.length === 0) this.#state = "whole";
  }

  get state(): BodyState {
    return this.#state;
  }

  /** Reads on; gives how many bytes of `chunk` were the body's. Those behind it belong to no answer. */
  push(chunk: Buffer, sink: BodySink): number {
    if (this.#state !== "open") return 0;
    if (this.#type === "chunked") return this.#readChunks(chunk, sink);
    const part = this.#type === "length" && chunk.length > this.#left ? chunk.subarray(0, this.#left) : chunk;
    if (part.length > 0) sink.onPiece(part);
    if (this.#type === "length") {
      this.#left -= part.length;
      if (this.#left === 0) this.#state = "whole";
    }
    return part.length;
  }

  /** The connection has ended, in order or not. */
  end(isClean: boolean): BodyState {
    if (this.#state === "open") this.#state = this.#type === "until-close" && isClean ? "whole" : "broken";
    return this.#state;
  }

  /** RFC 9112 7.1. One byte at a time but for the data itself, so that it does not matter where a read ends. */
  #readChunks(chunk: Buffer, sink: BodySink): number {
    let at = 0;
    while (at < chunk.length && this.#state === "open") {
      if (this.#place === "data") {
        const part = chunk.subarray(at, at + this.#left);
        sink.onPiece(part);
        this.#left -= part.length;
        at += part.length;
        if (this.#left === 0) this.#place = "data-cr";
      } else if (!this.#step(chunk[at++] as number)) this.#state = "broken";
    }
    return at;
  }

  /** One byte of what is around the data. False where it may not stand there. */
  #step(byte: number): boolean {
    switch (this.#place) {
      case "size":
        return this.#sizeByte(byte);
      case "padding":
        // RFC 9112 7.1.1 lets blanks stand before an extension; some upstreams fill the line up with them.
        if (byte === SEMICOLON) this.#place = "extension";
        else if (byte === CR) this.#place = "size-lf";
        else return isBlank(byte) && this.#countByte(MAX_LINE_BYTES);
        return true;
      case "extension":
        if (byte === CR) this.#place = "size-lf";
        else return isText(byte) && this.#countByte(MAX_LINE_BYTES);
        return true;
      case "size-lf":
        if (byte !== LF) return false;
        this.#lineBytes = 0;
        this.#place = this.#left === 0 ? "trailer-start" : "data";
        this.#sizeDigits = 0;
        return true;
      case "data-cr":
        this.#place = "data-lf";
        return byte === CR;
      case "data-lf":
        this.#place = "size";
        return byte === LF;
      case "trailer-start":
        if (byte === CR) this.#place = "end-lf";
        else {
          this.#place = "trailer";
          return isText(byte) && !isBlank(byte) && this.#countByte(MAX_TRAILER_BYTES);
        }
        return true;
      case "trailer":
        if (byte === CR) this.#place = "trailer-lf";
        else return isText(byte) && this.#countByte(MAX_TRAILER_BYTES);
        return true;
      case "trailer-lf":
        this.#place = "trailer-start";
        return byte === LF;
      case "end-lf":
        if (byte === LF) this.#state = "whole";
        return byte === LF;
      case "data":
        return false;
    }
  }

  #sizeByte(byte: number): boolean {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      this.#left = this.#left * 16 + digit;
      return ++this.#sizeDigits <= MAX_SIZE_DIGITS;
    }
    if (this.#sizeDigits === 0) return false;
    if (byte === CR) this.#place = "size-lf";
    else if (byte === SEMICOLON) this.#place = "extension";
    else if (isBlank(byte)) this.#place = "padding";
    else return false;
    return true;
  }

  #countByte(most: number): boolean {
    return ++this.#lineBytes <= most;
  }
}

/** Where in a chunked body the next byte stands. */
type ChunkPlace =
  | "size"
  | "padding"
  | "extension"
  | "size-lf"
  | "data"
  | "data-cr"
  | "data-lf"
  | "trailer-start"
  | "trailer"
  | "trailer-lf"
  | "end-lf";

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

function isBlank(byte: number): boolean {
  return byte === 32 || byte === 9;
}

/** What may stand in a line: no controls but a tab. */
function isText(byte: number): boolean {
  return byte === 9 || (byte >= 32 && byte !== 127);
}
