import { type Fault, refused, whole } from "./fault.ts";
import { answering, answeringThenSilent, dripping, GOOD } from "./serving.ts";

const TERMINATED = refused(502, "connection_terminated");
const PROTOCOL = refused(502, "http_protocol_error");
/** fetch tells a broken answer and an early end alike. */
const NO_ANSWER = [TERMINATED, PROTOCOL];
const SILENT = refused(504, "http_response_timeout");

function head(...lines: readonly string[]): string {
  return `HTTP/1.1 200 OK\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`;
}

/** Heads that are none, or that never end. */
export const HEAD_FAULTS: readonly Fault[] = [
  { name: "sends half a status line and closes", origin: answering("HTTP/1.1 2"), expected: NO_ANSWER },
  { name: "sends half a status line and is silent", origin: answeringThenSilent("HTTP/1.1 2"), expected: SILENT },
  { name: "sends garbage", origin: answering("\u0000\u0001\u0002\u00ff\r\n\r\n"), expected: NO_ANSWER },
  { name: "speaks SSH", origin: answering("SSH-2.0-OpenSSH_9.2\r\n"), expected: NO_ANSWER },
  { name: "speaks HTTP 0.9", origin: answering("<html>hello</html>"), expected: NO_ANSWER },
  {
    name: "speaks HTTP 2 unasked",
    origin: answering("\u0000\u0000\u0000\u0004\u0000\u0000\u0000\u0000\u0000"),
    expected: NO_ANSWER,
  },
  { name: "has a status that is no number", origin: answering("HTTP/1.1 abc OK\r\n\r\n"), expected: NO_ANSWER },
  { name: "has a status of 99", origin: answering("HTTP/1.1 99 OK\r\n\r\n"), expected: NO_ANSWER },
  { name: "has a status of 600", origin: answering("HTTP/1.1 600 X\r\nContent-Length: 0\r\n\r\n"), expected: PROTOCOL },
  { name: "sends half a head and closes", origin: answering("HTTP/1.1 200 OK\r\nX-A: b"), expected: NO_ANSWER },
  {
    name: "sends half a head and is silent",
    origin: answeringThenSilent("HTTP/1.1 200 OK\r\nX-A: b"),
    expected: SILENT,
  },
  {
    name: "drips its head a byte at a time",
    origin: dripping("HTTP/1.1 200 OK\r\n", "X-A: ".padEnd(200, "a"), 50),
    expected: SILENT,
  },
  {
    name: "has a field without a colon",
    origin: answering(head("Nonsense", "Content-Length: 0")),
    expected: NO_ANSWER,
  },
  {
    name: "has a field name with a space",
    origin: answering(head("X A: b", "Content-Length: 0")),
    expected: NO_ANSWER,
  },
  {
    name: "has a field with a NUL in it",
    origin: answering(head("X-A: a\u0000b", "Content-Length: 0")),
    expected: NO_ANSWER,
  },
  {
    name: "has a field that is folded",
    origin: answering(head("X-A: a", " b", "Content-Length: 0")),
    expected: NO_ANSWER,
  },
  {
    name: "has two lengths that differ",
    origin: answering(`${head("Content-Length: 4", "Content-Length: 5")}GOOD!`),
    expected: NO_ANSWER,
  },
  { name: "has a length that is no number", origin: answering(head("Content-Length: x")), expected: NO_ANSWER },
  { name: "has a length below nothing", origin: answering(head("Content-Length: -1")), expected: NO_ANSWER },
  {
    name: "has a length past all numbers",
    origin: answering(head(`Content-Length: ${"9".repeat(40)}`)),
    expected: NO_ANSWER,
  },
  {
    name: "has a transfer coding that nobody knows",
    origin: answering(`${head("Transfer-Encoding: sdch")}GOOD`),
    expected: NO_ANSWER,
  },
  {
    name: "has a field of 2 MB",
    origin: answering(`${head(`X-A: ${"a".repeat(2_000_000)}`, "Content-Length: 0")}`),
    expected: NO_ANSWER,
  },
  {
    name: "has fields without end",
    origin: async (connection) => {
      await connection.head();
      connection.send("HTTP/1.1 200 OK\r\n");
      while (connection.ending === undefined) {
        if (connection.unsentBytes < 100_000) connection.send("X-A: b\r\n".repeat(1_000));
        await Bun.sleep(1);
      }
    },
    expected: [...NO_ANSWER, SILENT],
  },
  {
    name: "switches protocols unasked",
    origin: answering("HTTP/1.1 101 X\r\nUpgrade: foo\r\nConnection: upgrade\r\n\r\n"),
    expected: NO_ANSWER,
  },
  {
    name: "sends 1,000 interim answers first",
    origin: answering("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(1_000) + GOOD),
    expected: whole("GOOD"),
  },
  {
    name: "sends interim answers without end",
    origin: async (connection) => {
      await connection.head();
      while (connection.ending === undefined) {
        if (connection.unsentBytes < 100_000) connection.send("HTTP/1.1 100 Continue\r\n\r\n".repeat(1_000));
        await Bun.sleep(1);
      }
    },
    expected: [...NO_ANSWER, SILENT],
  },
];
