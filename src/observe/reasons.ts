import type { ErrorKind } from "../core/errors.ts";

/** Why a request failed, as its owner is told: what happened, and where that is not plain, where to look. */
const SENTENCES: Readonly<Record<ErrorKind, string>> = {
  invalid_host: "The client sent no valid Host.",
  invalid_target: "The client asked for a path that can be read in more than one way.",
  body_on_get: "The client sent a body with a GET or HEAD, which cannot be passed on.",
  method_not_allowed: "The method is not allowed here.",
  websocket_version: "The client speaks a version of WebSocket that is not supported.",
  websocket_key: "The client's WebSocket handshake is not valid.",
  no_route: "No route matches this request.",
  payload_too_large: "The request's body is larger than allowed.",
  client_body_timeout: "The client stopped sending its request's body: it was silent for longer than it may be.",
  client_gone: "The client went away before the answer was over.",
  no_peer_available: "No upstream was available: all are down, drained or full.",
  name_not_resolved: "The upstream's name has not been resolved yet.",
  queue_full: "The upstreams are busy, and the line of waiting requests was full.",
  queue_timeout: "The upstreams were busy for longer than a request may wait.",
  connection_refused: "The upstream refused the connection: nothing listens there.",
  destination_unreachable: "There is no way to the upstream's address.",
  dns_error: "The upstream's name could not be resolved.",
  tls_protocol_error: "TLS with the upstream failed.",
  tls_certificate_error: "The upstream's certificate is not trusted.",
  connection_terminated: "The upstream closed the connection before its answer was over.",
  http_protocol_error: "The upstream's answer is not valid HTTP.",
  connection_timeout: "The upstream did not accept the connection in time.",
  http_response_timeout: "The upstream did not begin its answer in time.",
  write_timeout: "The upstream took nothing of the request's body for too long.",
  read_timeout: "The upstream fell silent within its answer.",
  upgrade_refused: "The upstream did not take the WebSocket.",
  maintenance: "Maintenance is on.",
  too_many_open_files: "gatekeeper may not open more files or connections: raise its limit.",
  connection_limit_reached: "More connections were open than are allowed (max_connections).",
  client_limit_reached: "More connections of one client were open than are allowed (max_connections_per_ip).",
  internal_error: "gatekeeper itself failed: please report this.",
};

export interface Reason {
  readonly sentence: string;
  /** What else is known; undefined where that is nothing. */
  readonly detail: string | undefined;
}

/** Of the error of an exchange or a peer: its kind, and what follows after a colon. Other text stands for itself. */
export function reasonOf(error: string): Reason {
  const [, kind = "", detail = ""] = /^([a-z_]+)(?::\s*(.*))?$/s.exec(error) ?? [];
  if (!isKind(kind)) return { sentence: error, detail: undefined };
  return { sentence: SENTENCES[kind], detail: detail === "" ? undefined : detail };
}

/** Why an upstream's own answer counts as a failure: gatekeeper passed it on as it was. */
export function statusReason(status: number): string {
  return `The upstream answered ${status}.`;
}

function isKind(word: string): word is ErrorKind {
  return Object.hasOwn(SENTENCES, word);
}
