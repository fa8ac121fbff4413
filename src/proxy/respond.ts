import type { ErrorKind, ProxyError } from "../core/errors.ts";

/** What a client reads when gatekeeper itself answers; short, plain, and tells nothing of the inside. */
const TEXT: Readonly<Record<number, string>> = {
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  413: "Content Too Large",
  426: "Upgrade Required",
  500: "Internal Server Error",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
};

/** Methods a client may use, for the `Allow` field of a 405 (RFC 9110 15.5.6 requires one). */
const ALLOW = "GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS";

/** After which a client whom the upstreams had no place for may come again (RFC 9110 10.2.3). */
const RETRY_AFTER_SECONDS = "1";

/**
 * What the client's connection ends with: one over a limit is better refused as a connection, by the system, than here
 * again, and after half a body there is no next request (RFC 9110 15.5.9).
 */
const CLOSING: ReadonlySet<ErrorKind> = new Set([
  "connection_limit_reached",
  "client_limit_reached",
  "client_body_timeout",
]);

/**
 * The answer gatekeeper makes for a failure: its status, a short plain body, `Cache-Control: no-store`, and a
 * `Proxy-Status` whose details are the same word that stands in the log.
 */
export function errorResponse({ kind, status, proxyStatus }: ProxyError): Response {
  const text = `${TEXT[status] ?? String(status)}\n`;
  const headers = new Headers({
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Length": String(text.length),
    "Cache-Control": "no-store",
    "Proxy-Status": proxyStatus,
  });
  if (kind === "queue_full" || kind === "queue_timeout") headers.set("Retry-After", RETRY_AFTER_SECONDS);
  if (CLOSING.has(kind)) headers.set("Connection", "close");
  if (status === 405) headers.set("Allow", ALLOW);
  if (status === 426) {
    // What would be taken (RFC 9110 15.5.22, RFC 6455 4.4).
    headers.set("Upgrade", "websocket");
    headers.set("Sec-WebSocket-Version", "13");
  }
  return new Response(text, { status, headers });
}
