import { makeAuthority, makeCertificate } from "../../helpers/certificates.ts";
import { BROKEN, type Fault, refused } from "./fault.ts";
import { answering, GOOD } from "./serving.ts";

const DAY_MS = 86_400_000;
/** Signs what the proxy trusts: the origins' certificates, and that of its own listener. */
export const AUTHORITY = makeAuthority();
const NAMES = ["127.0.0.1", "localhost"];
const GOOD_CERTIFICATE = makeCertificate({ names: NAMES, by: AUTHORITY });
export const LISTENER_CERTIFICATE = makeCertificate({ names: NAMES, by: AUTHORITY });
const CERTIFICATE = refused(502, "tls_certificate_error");
const HANDSHAKE = [refused(502, "tls_protocol_error"), refused(502, "connection_terminated")];

/** Faults of TLS and within it. */
export const TLS_FAULTS: readonly Fault[] = [
  {
    name: "has a certificate of another name",
    tls: { certificate: makeCertificate({ names: ["other.example"], by: AUTHORITY }) },
    origin: answering(GOOD),
    expected: CERTIFICATE,
  },
  {
    name: "has a certificate that has expired",
    tls: {
      certificate: makeCertificate({
        names: NAMES,
        by: AUTHORITY,
        notBefore: new Date(Date.now() - 3 * DAY_MS),
        notAfter: new Date(Date.now() - DAY_MS),
      }),
    },
    origin: answering(GOOD),
    expected: CERTIFICATE,
  },
  {
    name: "has a certificate that it signed itself",
    tls: { certificate: makeCertificate({ names: NAMES }) },
    origin: answering(GOOD),
    expected: CERTIFICATE,
  },
  {
    name: "has a certificate of an unknown authority",
    tls: { certificate: makeCertificate({ names: NAMES, by: makeAuthority("Another authority") }) },
    origin: answering(GOOD),
    expected: CERTIFICATE,
  },
  {
    name: "speaks no TLS",
    tls: { certificate: undefined },
    origin: (connection) => {
      connection.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
      connection.end();
    },
    expected: HANDSHAKE,
  },
  {
    name: "closes in the handshake",
    tls: { certificate: undefined },
    origin: (connection) => connection.end(),
    expected: HANDSHAKE,
  },
  {
    name: "resets in the handshake",
    tls: { certificate: undefined },
    origin: async (connection) => {
      await connection.take(10);
      connection.reset();
    },
    expected: HANDSHAKE,
  },
  {
    name: "is silent in the handshake",
    tls: { certificate: undefined },
    origin: () => {},
    expected: [refused(504, "connection_timeout"), refused(504, "http_response_timeout")],
  },
  {
    name: "cuts TLS within its body",
    tls: { certificate: GOOD_CERTIFICATE },
    origin: async (connection) => {
      await connection.head();
      connection.send(`HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n${"x".repeat(100_000)}`);
      await connection.until(() => connection.unsentBytes === 0, "the answer to be taken");
      await Bun.sleep(50);
      connection.reset();
    },
    expected: BROKEN,
  },
];
