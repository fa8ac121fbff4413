import type { Peer } from "../peer.ts";
import type { Selection } from "../selection.ts";
import { bestRank, rankOf, UNAVAILABLE } from "./rank.ts";

/** Each available peer in turn (Caddy's and Pingora's round_robin). Keeps one counter per configuration. */
export function roundRobin(peers: readonly Peer[]): Selection {
  let next = 0;
  return (_facts, tried) => {
    const best = bestRank(peers, tried);
    if (best === UNAVAILABLE) return undefined;
    for (let passed = 0; passed < peers.length; passed++) {
      const peer = peers[next];
      next = next + 1 === peers.length ? 0 : next + 1;
      if (peer !== undefined && rankOf(peer, tried) === best) return peer;
    }
    return undefined;
  };
}

/**
 * Each peer in turn, as often as its weight, spread evenly: of 5, 1, 1 never five in a row. Every choice gives each
 * candidate its weight in credit; the richest is taken and pays all that was given (nginx's smooth weighted round robin).
 */
export function weightedRoundRobin(peers: readonly Peer[], weights: readonly number[]): Selection {
  const credits = peers.map(() => 0);
  return (_facts, tried) => {
    const best = bestRank(peers, tried);
    if (best === UNAVAILABLE) return undefined;
    let given = 0;
    let richest = -1;
    for (let i = 0; i < peers.length; i++) {
      const peer = peers[i];
      if (peer === undefined || rankOf(peer, tried) !== best) continue;
      const weight = weights[i] ?? 1;
      const credit = (credits[i] ?? 0) + weight;
      credits[i] = credit;
      given += weight;
      if (richest < 0 || credit > (credits[richest] ?? 0)) richest = i;
    }
    if (richest < 0) return undefined;
    credits[richest] = (credits[richest] ?? 0) - given;
    return peers[richest];
  };
}
