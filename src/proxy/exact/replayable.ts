import type { Outgoing } from "../lane.ts";

/**
 * What may be sent again when an idle connection turns out to be closed (RFC 9112 9.3.1): fetch does so by itself, and
 * without it each origin that closes idle connections would now and then cost a client a 502.
 */
export function isReplayable({ method, body }: Outgoing): boolean {
  return body === undefined && (method === "GET" || method === "HEAD" || method === "OPTIONS");
}
