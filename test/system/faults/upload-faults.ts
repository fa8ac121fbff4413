import { type Fault, refused, whole } from "./fault.ts";
import { GOOD } from "./serving.ts";

const UPLOAD_BYTES = 8_000_000;
const CLOSING = "HTTP/1.1 413 X\r\nConnection: close\r\nContent-Length: 4\r\n\r\nmuch";
const upload = { method: "POST", bodyBytes: UPLOAD_BYTES } as const;

/** Faults while the request is still under way. */
export const UPLOAD_FAULTS: readonly Fault[] = [
  {
    ...upload,
    name: "answers before the request ends and reads on",
    origin: async (connection) => {
      await connection.head();
      connection.send(GOOD);
    },
    expected: whole("GOOD"),
  },
  {
    ...upload,
    name: "answers before the request ends and closes",
    origin: async (connection) => {
      await connection.head();
      connection.send(CLOSING);
      connection.end();
    },
    expected: whole("much", 413),
  },
  {
    ...upload,
    name: "answers before the request ends and resets",
    origin: async (connection) => {
      await connection.head();
      connection.send(CLOSING);
      await Bun.sleep(100);
      connection.reset();
    },
    // What had come of the answer may be lost with the connection.
    expected: [whole("much", 413), refused(502, "connection_terminated")],
  },
  {
    ...upload,
    name: "never reads the request",
    origin: (connection) => connection.pause(),
    expected: refused(504, "write_timeout"),
  },
  {
    ...upload,
    name: "closes in the middle of the request",
    origin: async (connection) => {
      await connection.head();
      await connection.take(100_000);
      connection.reset();
    },
    expected: refused(502, "connection_terminated"),
  },
  {
    ...upload,
    name: "reads the request and closes",
    origin: async (connection) => {
      await connection.head();
      await connection.take(UPLOAD_BYTES);
      connection.end();
    },
    expected: refused(502, "connection_terminated"),
  },
];
