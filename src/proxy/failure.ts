import { ProxyError, type ErrorKind } from "../core/errors.ts";

/** Error codes of Bun's fetch, `ws` and node:http (1.4.5), by what they mean for a proxy. */
const BY_CODE: Readonly<Record<string, ErrorKind>> = {
  ECONNREFUSED: "connection_refused",
  // A unix socket that is not there.
  ENOENT: "connection_refused",
  FailedToOpenSocket: "connection_refused",
  ConnectionRefused: "connection_refused",
  ENOTFOUND: "dns_error",
  EAI_AGAIN: "dns_error",
  DNSResolutionFailed: "dns_error",
  EHOSTUNREACH: "destination_unreachable",
  ENETUNREACH: "destination_unreachable",
  EADDRNOTAVAIL: "destination_unreachable",
  EACCES: "destination_unreachable",
  ETIMEDOUT: "connection_timeout",
  EMFILE: "too_many_open_files",
  ENFILE: "too_many_open_files",
  EPROTO: "tls_protocol_error",
  TLSHandshakeFailed: "tls_protocol_error",
  HTTP2Unsupported: "tls_protocol_error",
  // Garbage, a reset and an early close are all ECONNRESET in fetch: it never proves that nothing was sent.
  ECONNRESET: "connection_terminated",
  ConnectionClosed: "connection_terminated",
  EPIPE: "connection_terminated",
  HTTP2StreamReset: "connection_terminated",
  Malformed_HTTP_Response: "http_protocol_error",
  InvalidHTTPResponse: "http_protocol_error",
  InvalidContentLength: "http_protocol_error",
  UnsupportedTransferEncoding: "http_protocol_error",
  ResponseHeadersTooLarge: "http_protocol_error",
  UnrequestedUpgrade: "http_protocol_error",
  UnexpectedData: "http_protocol_error",
};

/** OpenSSL's and Node's words for a certificate that does not verify. */
const CERTIFICATE_CODE = /CERT|SIGNATURE|ISSUER|SELF_SIGNED|ALTNAME|IDENTITY|HOSTNAME_MISMATCH|CRL/;

/**
 * What a failed attempt means. `signal` is the one the attempt was made with: an abort is the client's
 * leaving, or the response-header deadline, by its reason.
 */
export function failureOf(error: unknown, signal?: AbortSignal): ProxyError {
  if (signal?.aborted === true) {
    const reason: unknown = signal.reason;
    if (reason instanceof ProxyError) return reason;
    return new ProxyError("client_gone", "the client closed its connection", error);
  }
  // One that ended the request's body.
  if (error instanceof ProxyError) return error;
  const { code, name, message } = describe(error);
  const kind = BY_CODE[code] ?? BY_CODE[name];
  if (kind !== undefined) return new ProxyError(kind, message, error);
  const words = message.startsWith(code) ? message : `${code}: ${message}`;
  if (CERTIFICATE_CODE.test(code))
    return new ProxyError("tls_certificate_error", `${words}; ${CERTIFICATE_HELP}`, error);
  if (code.startsWith("ERR_SSL") || code.startsWith("ERR_TLS")) {
    return new ProxyError("tls_protocol_error", words, error);
  }
  if (code.startsWith("HPE_") || code.startsWith("HTTP2") || code.startsWith("ERR_HTTP2")) {
    return new ProxyError("http_protocol_error", words, error);
  }
  return new ProxyError("connection_terminated", code === "" ? message : words, error);
}

interface Described {
  readonly code: string;
  readonly name: string;
  readonly message: string;
}

function describe(error: unknown): Described {
  if (!(error instanceof Error)) return { code: "", name: "", message: String(error) };
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return { code, name: error.name, message: firstSentence(error.message) };
}

/** Bun ends its messages with advice to a programmer, which is no use in a server's log. */
const ADVICE = [" For more information, pass", " Is the computer able", " Was there a typo"] as const;

function firstSentence(message: string): string {
  for (const advice of ADVICE) {
    const at = message.indexOf(advice);
    if (at >= 0) return message.slice(0, at);
  }
  return message;
}

/** The Rust program accepted any certificate, so who comes from it is told what to do. */
const CERTIFICATE_HELP = "--ca-file gives other roots, --sni another name, --insecure accepts any certificate";
