/** A request as it goes over the wire, to both proxies alike. */
export interface Wire {
  /** The line it was read from, which names it in a failure. */
  readonly line: string;
  readonly method: string;
  readonly bytes: Buffer;
  /** Name of the port it goes to, as the Caddyfile has it: `PORT` of `{$PORT}`. */
  readonly port: string;
  /** It goes over TLS to this server name; "" sends none. */
  readonly tls: string | undefined;
  readonly isWebSocket: boolean;
  /** Value of its field Ask, by which an origin's requests are told apart: one may come after its answer. */
  readonly ask: string;
}

/** Of the WebSocket handshakes: RFC 6455's example. */
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const FIELD = /^[\w!#$%&'*+.^`~-]+:/;

/**
 * Reads a file of requests, one a line: `GET /a | X-A: b | body abc`. Its parts are the method and the target, then
 * fields, which go as they stand, and words of the test's own:
 *
 *     body TEXT      a body with its Content-Length         chunked A B   a chunked body, one chunk a word
 *     bytes N        a body of N bytes                       answer JSON   what the origin shall answer (`Wanted`)
 *     tls NAME       over TLS with that server name          websocket     a handshake's fields
 *     port NAME      to another port than PORT, TLS_PORT     http/1.0      the version
 *     hostless       no Host; otherwise a.example
 *
 * `\xe9` is a byte. Lines that begin with `#` are comments.
 */
export function readWires(text: string): readonly Wire[] {
  const lines = text.split("\n").map((line) => line.trim());
  return lines.filter((line) => line !== "" && !line.startsWith("#")).map((line, at) => readWire(line, String(at + 1)));
}

interface Draft {
  version: string;
  fields: string[];
  body: string;
  port: string | undefined;
  tls: string | undefined;
  isHostless: boolean;
  isWebSocket: boolean;
}

function readWire(line: string, ask: string): Wire {
  const [start = "", ...parts] = line.split(" | ");
  const draft: Draft = {
    version: "1.1",
    fields: [],
    body: "",
    port: undefined,
    tls: undefined,
    isHostless: false,
    isWebSocket: false,
  };
  // The fields first: some words add one only where it is not given.
  draft.fields.push(...parts.filter((part) => FIELD.test(part)));
  for (const part of parts) if (!FIELD.test(part)) readWord(draft, part);
  if (!draft.isHostless && !has(draft, "host")) draft.fields.unshift("Host: a.example");
  const head = [`${start} HTTP/${draft.version}`, ...draft.fields, `Ask: ${ask}`, "", ""].join("\r\n");
  const { isWebSocket, tls } = draft;
  const port = draft.port ?? (tls === undefined ? "PORT" : "TLS_PORT");
  return { line, method: start.split(" ")[0] ?? "", bytes: bytesOf(head + draft.body), port, tls, isWebSocket, ask };
}

function readWord(draft: Draft, part: string): void {
  const [word = "", ...rest] = part.split(" ");
  const argument = rest.join(" ");
  switch (word) {
    case "body":
    case "bytes":
      draft.body = word === "body" ? argument : "x".repeat(Number(argument));
      if (!has(draft, "content-length")) draft.fields.push(`Content-Length: ${draft.body.length}`);
      return;
    case "chunked":
      draft.fields.push("Transfer-Encoding: chunked");
      draft.body = [...rest, ""].map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join("");
      return;
    case "answer":
      draft.fields.push(`X-Answer: ${argument}`);
      return;
    case "tls":
      draft.tls = argument;
      return;
    case "port":
      draft.port = argument;
      return;
    case "http/1.0":
      draft.version = "1.0";
      return;
    case "hostless":
      draft.isHostless = true;
      return;
    case "websocket":
      draft.isWebSocket = true;
      if (!has(draft, "connection")) draft.fields.push("Connection: Upgrade");
      if (!has(draft, "upgrade")) draft.fields.push("Upgrade: websocket");
      draft.fields.push(`Sec-WebSocket-Key: ${KEY}`, "Sec-WebSocket-Version: 13");
      return;
    default:
      throw new Error(`no such word in a file of requests: ${part}`);
  }
}

function has(draft: Draft, name: string): boolean {
  return draft.fields.some((field) => field.toLowerCase().startsWith(`${name}:`));
}

function bytesOf(text: string): Buffer {
  const unescaped = text.replaceAll(/\\x([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number(`0x${hex}`)));
  return Buffer.from(unescaped, "latin1");
}
