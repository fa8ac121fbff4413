import { ProxyError } from "../../core/errors.ts";
import { MAX_HEAD_BYTES } from "./answer-head.ts";

const HEAD_END = Buffer.from("\r\n\r\n");
const FIRST_BYTES = 4 * 1024;

/** Puts together the head of an answer that comes in several pieces. Each byte is looked at once, copied about twice. */
export class HeadBuffer {
  #bytes: Buffer = NONE;
  #length = 0;

  /** Takes what came; gives the head's text and what came behind it, or undefined where it is not all there yet. */
  push(chunk: Buffer): HeadSplit | ProxyError | undefined {
    if (this.#length === 0) {
      const split = splitHead(chunk, 0);
      if (split === undefined) this.#keep(chunk);
      return split;
    }
    const searchFrom = Math.max(0, this.#length - HEAD_END.length + 1);
    this.#keep(chunk);
    const split = splitHead(this.#bytes.subarray(0, this.#length), searchFrom);
    if (split !== undefined) {
      this.#bytes = NONE;
      this.#length = 0;
    }
    return split;
  }

  #keep(chunk: Buffer): void {
    const length = this.#length + chunk.length;
    if (length > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, 2 * length));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    chunk.copy(this.#bytes, this.#length);
    this.#length = length;
  }
}

/** The text of a head (latin1), without the line that ends it, and the bytes behind it. */
export interface HeadSplit {
  readonly text: string;
  readonly rest: Buffer;
}

/** Undefined where the head does not end in `bytes`. No end is looked for before `from`. */
export function splitHead(bytes: Buffer, from: number): HeadSplit | ProxyError | undefined {
  const end = bytes.indexOf(HEAD_END, from);
  if (end > MAX_HEAD_BYTES || (end < 0 && bytes.length > MAX_HEAD_BYTES)) {
    return new ProxyError("http_protocol_error", "the head of its answer is too long");
  }
  if (end < 0) {
    // A head whose lines end with LF alone would be waited for in vain; it is refused (RFC 9112 2.2 lets us).
    return hasBareLf(bytes, from) ? new ProxyError("http_protocol_error", "a line of its head has no CR") : undefined;
  }
  return { text: bytes.toString("latin1", 0, end), rest: bytes.subarray(end + HEAD_END.length) };
}

function hasBareLf(bytes: Buffer, from: number): boolean {
  for (let at = bytes.indexOf(LF, from); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at - 1] !== CR) return true;
  }
  return false;
}

const LF = 0x0a;
const CR = 0x0d;
const NONE = Buffer.alloc(0);
