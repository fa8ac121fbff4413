import { ProxyError } from "../../core/errors.ts";
import { hasToken } from "../../core/fields.ts";

/** The head of an upstream's answer. */
export interface AnswerHead {
  readonly status: number;
  /** As they came, but Content-Length only once, and not beside Transfer-Encoding (RFC 9112 6.3). */
  readonly headers: Headers;
  /** Content-Length; -1 where there is none, or Transfer-Encoding stands before it. */
  readonly length: number;
  readonly isChunked: boolean;
  /** The connection may serve another request after this answer (RFC 9112 9.3). */
  readonly keepsAlive: boolean;
}

/** The most that the head of an answer may have. */
export const MAX_HEAD_BYTES = 256 * 1024;
const MAX_FIELDS = 1000;

/** Controls, and CR and LF without each other (RFC 9112 2.2, RFC 9110 5.5). */
const ILLEGAL = /[^\t\r\n\x20-\x7e\x80-\xff]|\r(?!\n)|(?:^|[^\r])\n/;
/** RFC 9112 4. The reason may be missing, with or without its space. */
const STATUS_LINE = /^HTTP\/1\.[01] [1-5]\d\d(?: |$)/;
const LENGTH = /^\d{1,15}$/;

/**
 * Takes the head of an answer apart, strictly: what it refuses could be read as another answer by someone else.
 * `text` is its bytes in latin1, from the status line to the last field, without the empty line's end.
 */
export function parseAnswerHead(text: string): AnswerHead | ProxyError {
  if (ILLEGAL.test(text)) return fault("a byte in its head that may not be there");
  let end = lineEnd(text, 0);
  const first = text.slice(0, end);
  if (!STATUS_LINE.test(first)) return fault("its status line is not that of HTTP/1");
  const framing = new FramingFields();
  const headers = new Headers();
  for (let count = 0; end < text.length; count++) {
    if (count === MAX_FIELDS) return fault(`more than ${MAX_FIELDS} fields`);
    const start = end + 2;
    end = lineEnd(text, start);
    const colon = text.indexOf(":", start);
    if (colon <= start || colon > end) return fault("a line in its head that is no field");
    const name = text.slice(start, colon);
    const value = text.slice(colon + 1, end);
    try {
      // Its own check finds what is no token, as a folded line or a space before the colon (RFC 9112 5.1, 5.2).
      headers.append(name, value);
    } catch {
      return fault("a field name that is none");
    }
    framing.note(name, value);
  }
  return framing.head(Number(first.slice(9, 12)), headers, first.charCodeAt(7) === 0x31);
}

function lineEnd(text: string, from: number): number {
  const at = text.indexOf("\r\n", from);
  return at < 0 ? text.length : at;
}

/** What the fields of one head say of its body's end and of its connection. */
class FramingFields {
  #lengths: string | undefined = undefined;
  #codings: string | undefined = undefined;
  #saysClose = false;

  note(name: string, value: string): void {
    // By length first: nearly every field is none of the three.
    switch (name.length) {
      case 10:
        if (name.toLowerCase() === "connection" && hasToken(value.trim(), "close")) this.#saysClose = true;
        break;
      case 14:
        if (name.toLowerCase() === "content-length") this.#lengths = joined(this.#lengths, value);
        break;
      case 17:
        if (name.toLowerCase() === "transfer-encoding") this.#codings = joined(this.#codings, value);
        break;
    }
  }

  /** RFC 9112 6.3: chunked stands before a length, and a connection that had both is not trusted with a second answer. */
  head(status: number, headers: Headers, isHttp11: boolean): AnswerHead | ProxyError {
    const length = this.#lengths === undefined ? -1 : lengthOf(this.#lengths);
    if (Number.isNaN(length)) return fault("a Content-Length that is none");
    const isChunked = this.#codings !== undefined;
    if (isChunked && this.#codings !== "chunked" && this.#codings?.toLowerCase() !== "chunked") {
      return fault("a Transfer-Encoding other than chunked");
    }
    if (length >= 0 && isChunked) headers.delete("content-length");
    else if (this.#lengths?.includes(",") === true) headers.set("content-length", String(length));
    const keepsAlive = isHttp11 && !this.#saysClose && !(length >= 0 && isChunked);
    return { status, headers, length: isChunked ? -1 : length, isChunked, keepsAlive };
  }
}

function joined(before: string | undefined, value: string): string {
  return before === undefined ? value.trim() : `${before},${value.trim()}`;
}

/** Equal lengths, as a list or in several lines, are one (RFC 9112 6.3); NaN where they differ or are none. */
function lengthOf(text: string): number {
  if (LENGTH.test(text)) return Number(text);
  const [first = "", ...others] = text.split(",").map((part) => part.trim());
  return LENGTH.test(first) && others.every((other) => other === first) ? Number(first) : Number.NaN;
}

function fault(detail: string): ProxyError {
  return new ProxyError("http_protocol_error", detail);
}
