/**
 * Where a failure happened, seen from the proxy: `downstream` is the client's side,
 * `upstream` the origin's, `internal` our own fault (Pingora's `ErrorSource`).
 */
export type ErrorSide = "downstream" | "upstream" | "internal";

/**
 * Every way in which serving one request can fail. The word is the reason: the same one stands in
 * the `Proxy-Status` field, in the log and, later, in the metric. Upstream words follow the error
 * types of RFC 9209 section 2.3 where that has one.
 */
export type ErrorKind =
  // The client's side.
  | "invalid_host"
  | "invalid_target"
  | "body_on_get"
  | "method_not_allowed"
  | "websocket_version"
  | "websocket_key"
  | "no_route"
  | "payload_too_large"
  | "client_body_timeout"
  | "client_gone"
  // The origin's side.
  | "no_peer_available"
  | "name_not_resolved"
  | "queue_full"
  | "queue_timeout"
  | "connection_refused"
  | "destination_unreachable"
  | "dns_error"
  | "tls_protocol_error"
  | "tls_certificate_error"
  | "connection_terminated"
  | "http_protocol_error"
  | "connection_timeout"
  | "http_response_timeout"
  | "read_timeout"
  | "write_timeout"
  | "upgrade_refused"
  // Ours.
  | "maintenance"
  | "too_many_open_files"
  | "connection_limit_reached"
  | "client_limit_reached"
  | "internal_error";

interface KindFacts {
  readonly status: number;
  readonly side: ErrorSide;
  /** True when a failure of this kind proves that no byte of the request reached an origin. */
  readonly nothingSent: boolean;
  /** The RFC 9209 error type, where the registry has one that fits better than our own word. */
  readonly proxyStatus: string;
}

/**
 * The one table that turns a failure into a status (DESIGN: refused, unreachable, TLS or a broken
 * reply 502; no peer 503; timeout 504; client gone 499, which is logged and never sent).
 */
const KINDS: Readonly<Record<ErrorKind, KindFacts>> = {
  invalid_host: { status: 400, side: "downstream", nothingSent: true, proxyStatus: "http_request_error" },
  invalid_target: { status: 400, side: "downstream", nothingSent: true, proxyStatus: "http_request_error" },
  body_on_get: { status: 400, side: "downstream", nothingSent: true, proxyStatus: "http_request_error" },
  method_not_allowed: { status: 405, side: "downstream", nothingSent: true, proxyStatus: "http_request_denied" },
  websocket_version: { status: 426, side: "downstream", nothingSent: true, proxyStatus: "http_request_error" },
  websocket_key: { status: 400, side: "downstream", nothingSent: true, proxyStatus: "http_request_error" },
  no_route: { status: 404, side: "downstream", nothingSent: true, proxyStatus: "destination_not_found" },
  payload_too_large: { status: 413, side: "downstream", nothingSent: false, proxyStatus: "http_request_error" },
  client_body_timeout: { status: 408, side: "downstream", nothingSent: false, proxyStatus: "http_request_error" },
  client_gone: { status: 499, side: "downstream", nothingSent: false, proxyStatus: "http_request_error" },
  no_peer_available: { status: 503, side: "upstream", nothingSent: true, proxyStatus: "destination_unavailable" },
  name_not_resolved: { status: 503, side: "upstream", nothingSent: true, proxyStatus: "dns_error" },
  queue_full: { status: 503, side: "upstream", nothingSent: true, proxyStatus: "connection_limit_reached" },
  queue_timeout: { status: 503, side: "upstream", nothingSent: true, proxyStatus: "connection_limit_reached" },
  connection_refused: { status: 502, side: "upstream", nothingSent: true, proxyStatus: "connection_refused" },
  destination_unreachable: {
    status: 502,
    side: "upstream",
    nothingSent: true,
    proxyStatus: "destination_ip_unroutable",
  },
  dns_error: { status: 502, side: "upstream", nothingSent: true, proxyStatus: "dns_error" },
  tls_protocol_error: { status: 502, side: "upstream", nothingSent: true, proxyStatus: "tls_protocol_error" },
  tls_certificate_error: { status: 502, side: "upstream", nothingSent: true, proxyStatus: "tls_certificate_error" },
  connection_terminated: { status: 502, side: "upstream", nothingSent: false, proxyStatus: "connection_terminated" },
  http_protocol_error: { status: 502, side: "upstream", nothingSent: false, proxyStatus: "http_protocol_error" },
  connection_timeout: { status: 504, side: "upstream", nothingSent: true, proxyStatus: "connection_timeout" },
  http_response_timeout: { status: 504, side: "upstream", nothingSent: false, proxyStatus: "http_response_timeout" },
  read_timeout: { status: 504, side: "upstream", nothingSent: false, proxyStatus: "connection_read_timeout" },
  write_timeout: { status: 504, side: "upstream", nothingSent: false, proxyStatus: "connection_write_timeout" },
  upgrade_refused: { status: 502, side: "upstream", nothingSent: false, proxyStatus: "http_upgrade_failed" },
  maintenance: { status: 503, side: "internal", nothingSent: true, proxyStatus: "destination_unavailable" },
  too_many_open_files: { status: 503, side: "internal", nothingSent: true, proxyStatus: "connection_limit_reached" },
  connection_limit_reached: {
    status: 503,
    side: "internal",
    nothingSent: true,
    proxyStatus: "connection_limit_reached",
  },
  client_limit_reached: { status: 503, side: "internal", nothingSent: true, proxyStatus: "connection_limit_reached" },
  internal_error: { status: 500, side: "internal", nothingSent: false, proxyStatus: "proxy_internal_error" },
};

/**
 * One failure of one request, as a value: expected failures are returned, `throw` is for bugs.
 * Modelled on Pingora's `Error` (type, source, retry, cause).
 */
export class ProxyError {
  readonly kind: ErrorKind;
  /** What happened in words, for the log. Never sent to a client. */
  readonly detail: string;
  readonly cause: unknown;
  /** It would have been tried again, but the retries of its route are used up. */
  readonly isOverBudget: boolean;

  constructor(kind: ErrorKind, detail: string, cause?: unknown, isOverBudget = false) {
    this.kind = kind;
    this.detail = detail;
    this.cause = cause;
    this.isOverBudget = isOverBudget;
  }

  /** The same, not tried again since the retries of its route are used up. */
  overBudget(): ProxyError {
    return new ProxyError(this.kind, this.detail, this.cause, true);
  }

  get side(): ErrorSide {
    return KINDS[this.kind].side;
  }

  /** The status this failure is answered (or, for 499, logged) with. */
  get status(): number {
    return KINDS[this.kind].status;
  }

  /** True when no byte of the request can have reached an origin, so any method may be retried. */
  get nothingSent(): boolean {
    return KINDS[this.kind].nothingSent;
  }

  /** The value of the `Proxy-Status` field (RFC 9209) that goes with the answer. */
  get proxyStatus(): string {
    return proxyStatusOf(this.kind, this.isOverBudget ? `${this.kind}, ${OVER_BUDGET}` : this.kind);
  }
}

/** The status a kind of failure is answered with. The only place where a status is decided. */
export function statusOf(kind: ErrorKind): number {
  return KINDS[kind].status;
}

/** The `Proxy-Status` field value (RFC 9209 section 2) for a kind of failure. */
export function proxyStatusOf(kind: ErrorKind, details: string = kind): string {
  return `gatekeeper; error=${KINDS[kind].proxyStatus}; details="${details}"`;
}

/** What is said of a request that was not tried again for want of retries. */
export const OVER_BUDGET = "retry budget used up";

/** Every kind, for tests and for docs that list them. */
export const ERROR_KINDS: readonly ErrorKind[] = Object.keys(KINDS) as ErrorKind[];
