import { type Fault, refused, whole } from "./fault.ts";
import { answering, answeringThenReset, answeringThenSilent, dripping } from "./serving.ts";

const handshake = { isHandshake: true } as const;
const REFUSED = refused(502, "upgrade_refused");
const PROTOCOL = refused(502, "http_protocol_error");
const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n";
/** The right answer to the key that is sent is not known here: any is wrong. */
const WRONG_KEY = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

/** Faults in the handshake of a WebSocket. */
export const WEBSOCKET_FAULTS: readonly Fault[] = [
  { ...handshake, name: "refuses a handshake", origin: "refusing", expected: refused(502, "connection_refused") },
  {
    ...handshake,
    name: "closes in a handshake",
    origin: answering(""),
    expected: refused(502, "connection_terminated"),
  },
  {
    ...handshake,
    name: "resets in a handshake",
    origin: answeringThenReset(""),
    expected: refused(502, "connection_terminated"),
  },
  {
    ...handshake,
    name: "is silent in a handshake",
    origin: answeringThenSilent(""),
    expected: refused(504, "http_response_timeout"),
  },
  {
    ...handshake,
    name: "answers a handshake with garbage",
    origin: answering("SSH-2.0-X\r\n\r\n"),
    expected: PROTOCOL,
  },
  {
    ...handshake,
    name: "answers a handshake with a wrong key",
    origin: answeringThenSilent(`${SWITCH}Upgrade: websocket\r\n${WRONG_KEY}\r\n`),
    expected: [REFUSED, PROTOCOL],
  },
  {
    ...handshake,
    name: "switches to another protocol than asked for",
    origin: answeringThenSilent(`${SWITCH}Upgrade: h2c\r\n\r\n`),
    expected: [REFUSED, PROTOCOL],
  },
  {
    ...handshake,
    name: "drips the head of its answer to a handshake",
    origin: dripping("HTTP/1.1 101 X\r\n", "X-A: ".padEnd(200, "a"), 50),
    expected: refused(504, "http_response_timeout"),
  },
  {
    ...handshake,
    name: "refuses a handshake in words",
    origin: answering("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"),
    expected: whole("no", 403),
  },
];
