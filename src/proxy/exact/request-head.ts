import { ProxyError } from "../../core/errors.ts";
import type { Outgoing } from "../lane.ts";
import { FieldNames } from "./field-names.ts";

const NAMES = new FieldNames();

/** Methods that are sent without framing when they have no body; the rest says `Content-Length: 0` (RFC 9110 8.6). */
const UNFRAMED = new Set(["GET", "HEAD", "DELETE", "OPTIONS"]);

/** What a method, and a target, may be made of: nothing that could end its place in the request line. */
const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const TARGET = /^[\x21-\x7e\x80-\xff]+$/;
/** What must never be in a field, or it would become several. `Headers` refuses it too. */
const BREAK = /[\0\r\n]/;

/** Writes the heads of requests. Kept by its lane, so that a request makes no closure. */
export class RequestHead {
  readonly #connection: string;
  #text = "";
  #isSafe = true;

  /** @param connection what the Connection field says of the time after the answer (RFC 9112 9.3, 9.6) */
  constructor(connection: "keep-alive" | "close") {
    this.#connection = `Connection: ${connection}\r\n\r\n`;
  }

  /**
   * The head as a string of bytes (latin1): target and fields as they are given, Host first, then the framing and
   * the connection, which are the lane's own (RFC 9112 3, 6). An error where it could be read as something else.
   */
  write({ method, target, headers, body }: Outgoing): string | ProxyError {
    this.#isSafe = METHOD.test(method) && TARGET.test(target);
    this.#text = `${method} ${target} HTTP/1.1\r\nHost: ${headers.get("host") ?? ""}\r\n`;
    headers.forEach(this.#field);
    let text = this.#text;
    this.#text = "";
    if (!this.#isSafe) return new ProxyError("internal_error", "the request cannot be written as one");
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

  readonly #field = (value: string, name: string): void => {
    if (BREAK.test(value)) this.#isSafe = false;
    if (name === "host" || name === "connection" || name === "transfer-encoding") return;
    this.#text += `${NAMES.prefixOf(name)}${value}\r\n`;
  };
}

/** The bytes of a head, as a string where that is the same: Bun writes strings as UTF-8 (Bun 1.4.5). */
export function headBytes(head: string): string | Buffer {
  return Buffer.byteLength(head) === head.length ? head : Buffer.from(head, "latin1");
}
