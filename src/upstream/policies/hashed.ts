import type { Peer } from "../peer.ts";
import type { Selection, SelectionFacts } from "../selection.ts";
import { bestRank, rankOf, UNAVAILABLE } from "./rank.ts";
import { Ring } from "./ring.ts";

/** What a request is assigned by; undefined where it has none. */
export type KeyOf = (facts: SelectionFacts) => string | undefined;

export interface HashedOptions {
  readonly key: KeyOf;
  /** Chooses for a request without a key. */
  readonly fallback: Selection;
}

/** The same peer for the same key, as long as it is available. */
export function hashed(
  peers: readonly Peer[],
  weights: readonly number[],
  { key, fallback }: HashedOptions,
): Selection {
  const ring = new Ring(peers, weights);
  return (facts, tried) => {
    const text = key(facts);
    if (text === undefined) return fallback(facts, tried);
    const best = bestRank(peers, tried);
    if (best === UNAVAILABLE) return undefined;
    return ring.find(text, (peer) => rankOf(peer, tried) === best);
  };
}

/** The value of a query parameter as it stands there, the first of several; undefined where it is not there or empty. */
export function queryValue(target: string, name: string): string | undefined {
  const query = target.indexOf("?");
  if (query < 0) return undefined;
  for (const pair of target.slice(query + 1).split("&")) {
    const equals = pair.indexOf("=");
    if (equals > 0 && pair.slice(0, equals) === name && equals + 1 < pair.length) return pair.slice(equals + 1);
  }
  return undefined;
}
