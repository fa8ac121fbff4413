import type { Peer } from "./peer.ts";

/**
 * Chooses a peer for one attempt.
 *
 * @param tried peers that this request has already failed on; one of them is taken only when nothing else
 * is available
 * @returns undefined when no peer is available at all
 */
export type Selection = (tried: readonly Peer[]) => Peer | undefined;

/** Each available peer in turn (Caddy's and Pingora's round_robin). Keeps one counter per configuration. */
export function roundRobin(peers: readonly Peer[]): Selection {
  const only = peers.length === 1 ? peers[0] : undefined;
  if (only !== undefined) return () => (only.available ? only : undefined);
  let next = 0;
  return (tried) => {
    const start = next;
    next = (next + 1) % peers.length;
    let fallback: Peer | undefined;
    for (let offset = 0; offset < peers.length; offset++) {
      const peer = peers[(start + offset) % peers.length];
      if (peer === undefined || !peer.available) continue;
      if (!tried.includes(peer)) {
        next = (start + offset + 1) % peers.length;
        return peer;
      }
      fallback ??= peer;
    }
    return fallback;
  };
}
