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

/**
 * The value of a query parameter, decoded; undefined where it is not there or empty. Several are taken together (Caddy): with
 * one of them alone a client could choose its peer by a value that the upstream does not look at.
 */
export function queryValue(target: string, name: string): string | undefined {
  const query = target.indexOf("?");
  if (query < 0) return undefined;
  const values = new URLSearchParams(target.slice(query + 1)).getAll(name).join(",");
  return values === "" ? undefined : values;
}
