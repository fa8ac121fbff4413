import type { Peer } from "../peer.ts";

/**
 * How well a peer fits for one attempt; less is better. Every policy chooses among the peers of the best rank that there
 * is, so that one which passive checks or a breaker took out is still used when it is the last (ours; Caddy answers 503),
 * and one that this request has failed on only when nothing else is available.
 */
export type Rank = 0 | 1 | 2 | 3;

/** It may not be given anything: down, drained or full. */
export const UNAVAILABLE = 3;

export function rankOf(peer: Peer, tried: readonly Peer[]): Rank {
  if (!peer.available) return UNAVAILABLE;
  if (tried.length > 0 && tried.includes(peer)) return 2;
  return peer.isSuspect ? 1 : 0;
}

/** The best rank among them; `UNAVAILABLE` where none is available. */
export function bestRank(peers: readonly Peer[], tried: readonly Peer[]): Rank {
  let best: Rank = UNAVAILABLE;
  for (const peer of peers) {
    const rank = rankOf(peer, tried);
    if (rank === 0) return 0;
    if (rank < best) best = rank;
  }
  return best;
}
