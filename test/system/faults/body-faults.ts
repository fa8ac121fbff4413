import { BROKEN, type Fault, refused, whole } from "./fault.ts";
import {
  answering,
  answeringThenReset,
  answeringThenSilent,
  dripping,
  firstThenGood,
  GOOD,
  request,
} from "./serving.ts";

const TERMINATED = refused(502, "connection_terminated");
const PROTOCOL = refused(502, "http_protocol_error");
/** A body that is not whole when it was gathered: nothing of it had gone to the client. */
const NOT_WHOLE = [TERMINATED, PROTOCOL];
/** More than what is gathered: it goes out piece by piece. */
const LARGE_BYTES = 3_000_000;
const PART = "x".repeat(100_000);

function sized(bytes: number, body: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${bytes}\r\n\r\n${body}`;
}

function chunked(body: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n${body}`;
}

/** Bodies that are not what their head says. */
export const BODY_FAULTS: readonly Fault[] = [
  { name: "closes before its small body is whole", origin: answering(sized(10, "abc")), expected: NOT_WHOLE },
  { name: "resets before its small body is whole", origin: answeringThenReset(sized(10, "abc")), expected: NOT_WHOLE },
  {
    name: "is silent within its small body",
    origin: answeringThenSilent(sized(10, "abc")),
    expected: refused(504, "read_timeout"),
  },
  { name: "closes within its large body", origin: answering(sized(LARGE_BYTES, PART)), expected: BROKEN },
  { name: "resets within its large body", origin: answeringThenReset(sized(LARGE_BYTES, PART)), expected: BROKEN },
  { name: "is silent within its large body", origin: answeringThenSilent(sized(LARGE_BYTES, PART)), expected: BROKEN },
  {
    name: "sends more than its length",
    origin: firstThenGood(`${sized(4, "GOOD")}and more of it`),
    expected: whole("GOOD"),
    next: "GOOD",
  },
  {
    name: "has a chunk size that is none",
    origin: answering(chunked("zz\r\nabc\r\n")),
    expected: [BROKEN, ...NOT_WHOLE],
  },
  {
    name: "has a chunk size past all numbers",
    origin: answering(chunked("fffffffffffffffff\r\nabc\r\n")),
    expected: [BROKEN, ...NOT_WHOLE],
  },
  {
    name: "has a chunk longer than it says",
    origin: answering(chunked("2\r\nabc\r\n0\r\n\r\n")),
    expected: [BROKEN, ...NOT_WHOLE],
  },
  { name: "closes within a chunk", origin: answering(chunked("a\r\nabc")), expected: BROKEN },
  { name: "closes before the last chunk", origin: answering(chunked("3\r\nabc\r\n")), expected: BROKEN },
  { name: "resets before the last chunk", origin: answeringThenReset(chunked("3\r\nabc\r\n")), expected: BROKEN },
  { name: "is silent before the last chunk", origin: answeringThenSilent(chunked("3\r\nabc\r\n")), expected: BROKEN },
  {
    name: "ends its chunks with trailers",
    origin: answering(chunked("3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n")),
    expected: whole("abc"),
  },
  {
    name: "has an endless trailer section",
    origin: async (connection) => {
      await request(connection);
      connection.send(chunked("3\r\nabc\r\n0\r\n"));
      while (connection.ending === undefined) {
        if (connection.unsentBytes < 100_000) connection.send("X-A: b\r\n".repeat(1_000));
        await Bun.sleep(1);
      }
    },
    expected: BROKEN,
  },
  { name: "ends its body by closing", origin: answering("HTTP/1.0 200 OK\r\n\r\nGOOD"), expected: whole("GOOD") },
  {
    name: "drips a byte at a time",
    origin: dripping(sized(10, ""), "0123456789", 200),
    expected: whole("0123456789"),
  },
  {
    name: "sends a body with 204",
    origin: firstThenGood(`HTTP/1.1 204 No Content\r\n\r\n${GOOD}`),
    expected: whole("", 204),
    next: "GOOD",
  },
  {
    name: "sends a body with 304",
    origin: firstThenGood(`HTTP/1.1 304 Not Modified\r\nContent-Length: ${GOOD.length}\r\n\r\n${GOOD}`),
    expected: whole("", 304),
    next: "GOOD",
  },
  {
    name: "sends a body to HEAD",
    method: "HEAD",
    origin: firstThenGood(sized(GOOD.length, GOOD)),
    expected: whole(""),
    next: "GOOD",
  },
  {
    name: "says gzip and sends something else",
    origin: answering("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nGOOD"),
    expected: whole("GOOD"),
  },
  {
    name: "fails by itself",
    origin: answering("HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\noops"),
    expected: whole("oops", 500),
  },
];
