import type { Peer } from "../peer.ts";
import type { Selection } from "../selection.ts";
import { bestRank, rankOf, UNAVAILABLE } from "./rank.ts";

/** The fewest requests in flight for its weight; among equals each in turn (Caddy's and nginx's least_conn). */
export function leastConn(peers: readonly Peer[], weights: readonly number[]): Selection {
  let start = 0;
  return (_facts, tried) => {
    const best = bestRank(peers, tried);
    if (best === UNAVAILABLE) return undefined;
    let chosen = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let passed = 0; passed < peers.length; passed++) {
      const i = (start + passed) % peers.length;
      const peer = peers[i];
      if (peer === undefined || rankOf(peer, tried) !== best) continue;
      const load = peer.inFlight / (weights[i] ?? 1);
      if (load < least) {
        least = load;
        chosen = i;
      }
    }
    // The search begins behind the last choice, so that equals take turns.
    start = chosen + 1;
    return peers[chosen];
  };
}

/** The first available peer in the order of the configuration (Caddy's `first`): the others are its stand-ins. */
export function first(peers: readonly Peer[]): Selection {
  return (_facts, tried) => {
    const best = bestRank(peers, tried);
    if (best === UNAVAILABLE) return undefined;
    for (const peer of peers) if (rankOf(peer, tried) === best) return peer;
    return undefined;
  };
}
