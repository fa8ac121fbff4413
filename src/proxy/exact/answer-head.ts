import { ProxyError } from "../../core/errors.ts";
import { hasToken, isToken, namesNoField } from "../../core/fields.ts";
import type { Framing } from "./body-reader.ts";
import type { KnownField, KnownFields } from "./known-fields.ts";

/** The head of an upstream's answer. */
export interface AnswerHead {
  readonly status: number;
  /**
   * As they came, but Content-Length only once, and not beside Transfer-Encoding (RFC 9112 6.3), and without a Connection that
   * names no field.
   */
  readonly headers: Headers;
  /** Content-Length; -1 where there is none, or Transfer-Encoding stands before it. */
  readonly length: number;
  readonly isChunked: boolean;
  /** Nothing in `headers` is of this connection alone. False where that is not known. */
  readonly isEndToEnd: boolean;
  /** The connection may serve another request after this answer (RFC 9112 9.3). */
  readonly keepsAlive: boolean;
  /** What Keep-Alive says; undefined where there is none. */
  readonly keepAlive: string | undefined;
}

/** The most that the head of an answer may have. */
export const MAX_HEAD_BYTES = 256 * 1024;
const MAX_FIELDS = 1000;

/** Controls, and CR and LF without each other (RFC 9112 2.2, RFC 9110 5.5). */
const ILLEGAL = /[^\t\r\n\x20-\x7e\x80-\xff]|\r(?!\n)|(?:^|[^\r])\n/;
/** RFC 9112 4. The reason may be missing, with or without its space. */
const STATUS_LINE = /^HTTP\/1\.[01] [1-5]\d\d(?: |\r|$)/;
const LENGTH = /^\d{1,15}$/;

const BLANK = 32;
const TAB = 9;

/** NaN, or any number, where the status line is not that of HTTP/1. @param text as of `parseAnswerHead` */
export function statusOf(text: string): number {
  return 100 * digitAt(text, 9) + 10 * digitAt(text, 10) + digitAt(text, 11);
}

/**
 * Takes the head of an answer apart, strictly: what it refuses could be read as another answer by someone else.
 * `text` is its bytes in latin1, from the status line to the last field, without the empty line's end. `known` are
 * the fields of the same peer's earlier answers.
 *
 * @param headers where the fields go, empty
 */
export function parseAnswerHead(
  text: string,
  known: KnownFields,
  headers: Headers = new Headers(),
): AnswerHead | ProxyError {
  if (ILLEGAL.test(text)) return fault("a byte in its head that may not be there");
  if (!STATUS_LINE.test(text)) return fault("its status line is not that of HTTP/1");
  const framing = new FramingFields();
  let end = lineEnd(text, 0);
  for (let count = 0; end < text.length; count++) {
    if (count === MAX_FIELDS) return fault(`more than ${MAX_FIELDS} fields`);
    const start = end + 2;
    end = lineEnd(text, start);
    const colon = text.indexOf(":", start);
    if (colon <= start || colon > end) return fault("a line in its head that is no field");
    const field = readField(text, { start, colon, end }, headers, known);
    if (field === undefined) return fault("a field name that is none");
    if (field.role !== "other") framing.note(field);
  }
  return framing.head(statusOf(text), headers, digitAt(text, 7) === 1);
}

/** How the end of its body is known, for an answer that may have one. */
export function framingOf({ length, isChunked }: AnswerHead): Framing {
  if (isChunked) return { type: "chunked" };
  return length < 0 ? { type: "until-close" } : { type: "length", length };
}

interface Line {
  readonly start: number;
  readonly colon: number;
  readonly end: number;
}

/** Puts one field into `headers`, unless it is a Connection that would but be taken out of it; undefined where its name is none. */
function readField(
  text: string,
  { start, colon, end }: Line,
  headers: Headers,
  known: KnownFields,
): KnownField | undefined {
  let from = colon + 1;
  let to = end;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  const before = known.find(text, start, colon);
  if (before !== undefined) {
    const isSame = before.value.length === to - from && text.startsWith(before.value, from);
    if (!isSame) before.value = text.slice(from, to);
    if (!isPlainConnection(before)) headers.append(before.name, before.value);
    return before;
  }
  const name = text.slice(start, colon);
  // Neither a folded line nor a space before the colon (RFC 9112 5.1, 5.2).
  if (!isToken(name)) return undefined;
  const field = known.learn(text, start, colon, text.slice(from, to));
  if (!isPlainConnection(field)) headers.append(name, field.value);
  return field;
}

function isPlainConnection({ role, value }: KnownField): boolean {
  return role === "connection" && namesNoField(value);
}

function lineEnd(text: string, from: number): number {
  const at = text.indexOf("\r\n", from);
  return at < 0 ? text.length : at;
}

function isBlank(code: number): boolean {
  return code === BLANK || code === TAB;
}

function digitAt(text: string, at: number): number {
  return text.charCodeAt(at) - 48;
}

/** What the fields of one head say of its body's end and of its connection. */
class FramingFields {
  #lengths: string | undefined = undefined;
  #codings: string | undefined = undefined;
  #saysClose = false;
  #hasHopByHop = false;
  #keepAlive: string | undefined = undefined;

  note({ role, value }: KnownField): void {
    if (role === "content-length") this.#lengths = joined(this.#lengths, value);
    else if (role === "hop-by-hop") this.#hasHopByHop = true;
    else if (role === "keep-alive") {
      this.#hasHopByHop = true;
      this.#keepAlive = value;
    } else if (role === "transfer-encoding") this.#codings = joined(this.#codings, value);
    else if (value !== "keep-alive") {
      this.#saysClose ||= hasToken(value, "close");
      this.#hasHopByHop ||= !namesNoField(value);
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
    const isEndToEnd = !this.#hasHopByHop && !isChunked;
    const keepAlive = this.#keepAlive;
    return { status, headers, length: isChunked ? -1 : length, isChunked, isEndToEnd, keepsAlive, keepAlive };
  }
}

function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before},${value}`;
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
