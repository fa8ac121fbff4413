import { describe, expect, test } from "bun:test";
import { ERROR_KINDS, ProxyError, proxyStatusOf, statusOf } from "../../../src/core/errors.ts";

/** RFC 9209 2.3. */
const REGISTERED = new Set(
  [
    "dns_timeout dns_error destination_not_found destination_unavailable destination_ip_prohibited",
    "destination_ip_unroutable connection_refused connection_terminated connection_timeout connection_read_timeout",
    "connection_write_timeout connection_limit_reached tls_protocol_error tls_certificate_error tls_alert_received",
    "http_request_error http_request_denied http_response_incomplete http_response_header_section_size",
    "http_response_header_size http_response_body_size http_response_trailer_section_size http_response_trailer_size",
    "http_response_transfer_coding http_response_content_coding http_response_timeout http_upgrade_failed",
    "http_protocol_error proxy_internal_response proxy_internal_error proxy_configuration_error proxy_loop_detected",
  ].flatMap((line) => line.split(" ")),
);

describe.each([...ERROR_KINDS])("%s", (kind) => {
  const error = new ProxyError(kind, "detail");

  test("has a status of its side", () => {
    const range = error.side === "downstream" ? [400, 499] : [500, 599];
    expect(error.status).toBeWithin(range[0] as number, (range[1] as number) + 1);
    expect(statusOf(kind)).toBe(error.status);
  });

  test("tells an error type that is registered, and its own word", () => {
    const [, type] = /^gatekeeper; error=([a-z_]+); details="[a-z_]+"$/.exec(proxyStatusOf(kind)) ?? [];
    expect(REGISTERED.has(type ?? "")).toBe(true);
    expect(error.proxyStatus).toEndWith(`details="${kind}"`);
  });
});

test("only what never reached an upstream may be sent again whatever its method", () => {
  const safe = ERROR_KINDS.filter((kind) => {
    const { side, nothingSent } = new ProxyError(kind, "");
    return side === "upstream" && nothingSent;
  });
  expect([...safe].sort()).toEqual([
    "connection_refused",
    "connection_timeout",
    "destination_unreachable",
    "dns_error",
    "name_not_resolved",
    "no_peer_available",
    "queue_full",
    "queue_timeout",
    "tls_certificate_error",
    "tls_protocol_error",
  ]);
});
