import type { Peer } from "../peer.ts";
import type { Selection } from "../selection.ts";
import { bestRank, type Rank, rankOf, UNAVAILABLE } from "./rank.ts";

/** A number from 0 up to 1, like `Math.random`. */
export type Draw = () => number;

/** Any available peer, each as likely as its weight (Caddy's `random`). */
export function random(peers: readonly Peer[], weights: readonly number[], draw: Draw = Math.random): Selection {
  return (_facts, tried) => {
    const best = bestRank(peers, tried);
    if (best === UNAVAILABLE) return undefined;
    // Drawn among those that fit, so that the neighbours of one that is down get no more than the others.
    let total = 0;
    for (let i = 0; i < peers.length; i++) if (fits(peers[i], tried, best)) total += weights[i] ?? 1;
    let left = draw() * total;
    let last: Peer | undefined;
    for (let i = 0; i < peers.length; i++) {
      const peer = peers[i];
      if (!fits(peer, tried, best)) continue;
      last = peer;
      left -= weights[i] ?? 1;
      if (left < 0) break;
    }
    return last;
  };
}

/** The least busy of so many drawn at random, without drawing one twice (Caddy's `random_choose`). */
export function randomChoose(peers: readonly Peer[], choose: number, draw: Draw = Math.random): Selection {
  return (_facts, tried) => {
    const best = bestRank(peers, tried);
    if (best === UNAVAILABLE) return undefined;
    let fitting = 0;
    for (const peer of peers) if (fits(peer, tried, best)) fitting++;
    let wanted = Math.min(choose, fitting);
    let chosen: Peer | undefined;
    // As many as are as busy as the chosen one: each of them is as likely.
    let equals = 1;
    // Each of those left is drawn with the chance of (still wanted / still left): every set is as likely (Knuth's S).
    for (const peer of peers) {
      if (!fits(peer, tried, best)) continue;
      if (draw() * fitting < wanted) {
        wanted--;
        if (chosen === undefined || peer.inFlight < chosen.inFlight) {
          chosen = peer;
          equals = 1;
        } else if (peer.inFlight === chosen.inFlight && draw() * ++equals < 1) chosen = peer;
      }
      fitting--;
    }
    return chosen;
  };
}

function fits(peer: Peer | undefined, tried: readonly Peer[], best: Rank): peer is Peer {
  return peer !== undefined && rankOf(peer, tried) === best;
}
