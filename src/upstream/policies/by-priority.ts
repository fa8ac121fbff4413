import type { Peer } from "../peer.ts";
import type { Selection } from "../selection.ts";
import { bestRank, UNAVAILABLE } from "./rank.ts";

/** Peers of one priority. */
export interface PeerGroup {
  readonly peers: readonly Peer[];
  /** In the order of `peers`; empty: all alike. */
  readonly weights: readonly number[];
}

/** Peers by their priorities, the lowest first; one group where all are alike. */
export function groupsOf(
  peers: readonly Peer[],
  weights: readonly number[],
  priorities: readonly number[],
): readonly PeerGroup[] {
  const all = [...new Set(priorities)].sort((a, b) => a - b);
  if (all.length < 2) return [{ peers, weights }];
  return all.map((priority) => {
    const own = peers.map((_, i) => priorities[i] === priority);
    return { peers: peers.filter((_, i) => own[i]), weights: weights.filter((_, i) => own[i]) };
  });
}

/**
 * Chooses within the first group that has a peer as good as any (RFC 2782: a client asks those of the lowest priority that it can
 * reach). So the next ones take over when all of a group are down, and also for a request that has failed on all of it.
 */
export function byPriority(
  groups: readonly { readonly peers: readonly Peer[]; readonly select: Selection }[],
): Selection {
  const [first, second] = groups;
  if (first !== undefined && second === undefined) return first.select;
  return (facts, tried) => {
    let best: Selection | undefined;
    let least: number = UNAVAILABLE;
    for (const { peers, select } of groups) {
      const rank = bestRank(peers, tried);
      if (rank >= least) continue;
      least = rank;
      best = select;
    }
    return best?.(facts, tried);
  };
}
