import { type Fault, refused, whole } from "./fault.ts";
import { answering, answeringThenReset, answeringThenSilent, firstThenGood, GOOD, request } from "./serving.ts";

const TERMINATED = refused(502, "connection_terminated");
const SILENT = refused(504, "http_response_timeout");

/** Faults of the connection, before an answer begins. */
export const CONNECTION_FAULTS: readonly Fault[] = [
  { name: "refuses", origin: "refusing", expected: refused(502, "connection_refused") },
  { name: "swallows the SYN", origin: "swallowing", expected: refused(504, "connection_timeout") },
  { name: "accepts and says nothing", origin: () => {}, expected: SILENT },
  { name: "accepts and closes", origin: (connection) => connection.end(), expected: TERMINATED },
  { name: "accepts and resets", origin: (connection) => connection.reset(), expected: TERMINATED },
  { name: "reads the head and closes", origin: answering(""), expected: TERMINATED },
  { name: "reads the head and resets", origin: answeringThenReset(""), expected: TERMINATED },
  { name: "reads the request and says nothing", origin: answeringThenSilent(""), expected: SILENT },
  {
    name: "closes an idle connection as a request arrives",
    // The second request on the first connection meets its end.
    origin: async (connection, number) => {
      for (let asked = 1; ; asked++) {
        await request(connection);
        if (number === 1 && asked === 2) return connection.end();
        connection.send(GOOD);
      }
    },
    expected: whole("GOOD"),
    next: "GOOD",
  },
  {
    name: "resets an idle connection as a request arrives",
    origin: async (connection, number) => {
      for (let asked = 1; ; asked++) {
        await request(connection);
        if (number === 1 && asked === 2) return connection.reset();
        connection.send(GOOD);
      }
    },
    expected: whole("GOOD"),
    next: "GOOD",
  },
  {
    name: "talks on an idle connection",
    origin: firstThenGood(`${GOOD}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL`),
    expected: whole("GOOD"),
    next: "GOOD",
  },
  {
    name: "says close and does not close",
    origin: firstThenGood("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nGOOD"),
    expected: whole("GOOD"),
    next: "GOOD",
  },
];
