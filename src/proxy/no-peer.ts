import { ProxyError } from "../core/errors.ts";
import type { Peer } from "../upstream/peer.ts";

/** Why a request of a route gets no peer: those that a person drained are no failure of theirs. */
export function noPeer(key: string, peers: readonly Peer[]): ProxyError {
  if (peers.length === 0) {
    return new ProxyError("name_not_resolved", `no address is known of the upstreams of ${key}`);
  }
  const drained = peers.filter((peer) => peer.life.draining).length;
  const how = drained === 0 ? "down" : drained === peers.length ? "drained" : "drained or down";
  return new ProxyError("no_peer_available", `every upstream of ${key} is ${how}`);
}
