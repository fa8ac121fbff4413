import { ProxyError } from "../../core/errors.ts";
import { FieldSets, namesOf } from "../../core/field-sets.ts";
import type { Outgoing } from "../lane.ts";
import { FieldNames } from "./field-names.ts";

const NAMES = new FieldNames();
/** The lane's own. */
const NOT_LISTED: ReadonlySet<string> = new Set(["host", "connection", "transfer-encoding"]);
/** Where others are laid over a client's fields. */
const LAID_OVER: ReadonlySet<string> = new Set([
  ...NOT_LISTED,
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-forwarded-host",
]);

/** Methods that are sent without framing when they have no body; the rest says `Content-Length: 0` (RFC 9110 8.6). */
const UNFRAMED = new Set(["GET", "HEAD", "DELETE", "OPTIONS"]);

/** What a method, and a target, may be made of: nothing that could end its place in the request line. */
const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const TARGET = /^[\x21-\x7e\x80-\xff]+$/;

/** How the fields of a message with these names are written. */
interface Lines {
  readonly names: readonly string[];
  /** What stands before each value; "" for what is not among the fields. */
  readonly prefixes: readonly string[];
}

/** Writes the heads of requests. */
export class RequestHead {
  readonly #connection: string;
  readonly #sets = new FieldSets<Lines>();
  readonly #laidOverSets = new FieldSets<Lines>();

  /** @param connection what the Connection field says of the time after the answer (RFC 9112 9.3, 9.6) */
  constructor(connection: "keep-alive" | "close") {
    this.#connection = `Connection: ${connection}\r\n\r\n`;
  }

  /**
   * The head as a string of bytes (latin1): target and fields as they are given, Host first, then the framing and
   * the connection, which are the lane's own (RFC 9112 3, 6). An error where it could be read as something else.
   */
  write(outgoing: Outgoing): string | ProxyError {
    const { method, target, body, laidOver } = outgoing;
    if (!METHOD.test(method) || !TARGET.test(target)) {
      return new ProxyError("internal_error", "the request cannot be written as one");
    }
    const headers = laidOver === undefined ? outgoing.headers : laidOver.client;
    let text =
      laidOver === undefined
        ? `${method} ${target} HTTP/1.1\r\nHost: ${headers.get("host") ?? ""}\r\n${fields(headers, this.#sets, NOT_LISTED)}`
        : `${method} ${target} HTTP/1.1\r\nHost: ${laidOver.host}\r\n${fields(headers, this.#laidOverSets, LAID_OVER)}${laidOver.lines}`;
    const length = headers.get("content-length");
    if (body === undefined) {
      if (length === null) {
        if (!UNFRAMED.has(method)) text += "Content-Length: 0\r\n";
      } else if (length !== "0") {
        // The upstream would take the next request on this connection for the body.
        return new ProxyError("internal_error", `Content-Length is ${length} but there is no body`);
      }
    } else if (length === null) text += "Transfer-Encoding: chunked\r\n";
    // keep-alive as fetch sends it, for upstreams to which HTTP/1.1 alone does not say so.
    return text + this.#connection;
  }
}

/**
 * The lines of all fields but those that are `left` out. No value has a line's end in it: `Headers` takes none that has
 * (Fetch, "header value").
 */
function fields(headers: Headers, sets: FieldSets<Lines>, left: ReadonlySet<string>): string {
  for (const lines of sets.like(headers)) {
    const text = write(headers, lines);
    if (text !== undefined) return text;
  }
  const names = namesOf(headers);
  if (names !== undefined) sets.learn({ names, prefixes: names.map((name) => prefixOf(name, left)) });
  return listed(headers, left);
}

/** Undefined where `headers`, which have as many fields, have not the same. */
function write(headers: Headers, { names, prefixes }: Lines): string | undefined {
  let text = "";
  for (let i = 0; i < names.length; i++) {
    const value = headers.get(names[i] as string);
    if (value === null) return undefined;
    const prefix = prefixes[i] as string;
    if (prefix !== "") text += `${prefix}${value}\r\n`;
  }
  return text;
}

/** The same line by line, whatever they are. */
function listed(headers: Headers, left: ReadonlySet<string>): string {
  let text = "";
  headers.forEach((value, name) => {
    const prefix = prefixOf(name, left);
    if (prefix !== "") text += `${prefix}${value}\r\n`;
  });
  return text;
}

function prefixOf(name: string, left: ReadonlySet<string>): string {
  return left.has(name) ? "" : NAMES.prefixOf(name);
}

/** The bytes of a head, as a string where that is the same: Bun writes strings as UTF-8 (Bun 1.4.5). */
export function headBytes(head: string): string | Buffer {
  return Buffer.byteLength(head) === head.length ? head : Buffer.from(head, "latin1");
}
