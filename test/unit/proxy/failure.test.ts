import { expect, test } from "bun:test";
import { ProxyError } from "../../../src/core/errors.ts";
import { failureOf } from "../../../src/proxy/failure.ts";

function errorWith(code: string | undefined, name = "Error", message = "words"): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code }, { name });
}

test.each([
  ["ECONNREFUSED", "connection_refused"],
  ["ENOENT", "connection_refused"],
  ["ENOTFOUND", "dns_error"],
  ["EHOSTUNREACH", "destination_unreachable"],
  ["ETIMEDOUT", "connection_timeout"],
  ["ECONNRESET", "connection_terminated"],
  ["EPIPE", "connection_terminated"],
  ["EPROTO", "tls_protocol_error"],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "tls_protocol_error"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "tls_certificate_error"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "tls_certificate_error"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "tls_certificate_error"],
  ["HPE_INVALID_CONSTANT", "http_protocol_error"],
  ["Malformed_HTTP_Response", "http_protocol_error"],
  ["UnrequestedUpgrade", "http_protocol_error"],
  ["SOMETHING_NEW", "connection_terminated"],
])("the code %s means %s", (code, kind) => {
  expect(String(failureOf(errorWith(code)).kind)).toBe(kind);
});

test("an error without a code is told by its name, and what is no error at all by its text", () => {
  expect(failureOf(errorWith(undefined, "Malformed_HTTP_Response")).kind).toBe("http_protocol_error");
  expect(failureOf("odd")).toMatchObject({ kind: "connection_terminated", detail: "odd" });
});

test("an attempt that was ended failed by its signal's reason: a deadline's own, or the client's going", () => {
  const late = new ProxyError("http_response_timeout", "late");
  expect(failureOf(errorWith("ECONNRESET"), AbortSignal.abort(late))).toBe(late);
  expect(failureOf(errorWith("ECONNRESET"), AbortSignal.abort()).kind).toBe("client_gone");
  expect(failureOf(errorWith("ECONNRESET"), new AbortController().signal).kind).toBe("connection_terminated");
});

test("a failure that ended the request's body is the attempt's", () => {
  const tooLarge = new ProxyError("payload_too_large", "large");
  expect(failureOf(tooLarge)).toBe(tooLarge);
});

test("Bun's advice to programmers stays out of the log", () => {
  const error = errorWith("ECONNRESET", "Error", "It closed. For more information, pass `verbose: true` to fetch()");
  expect(failureOf(error).detail).toBe("It closed.");
});
