import type { BalanceConfig, PolicyConfig } from "../config/model.ts";
import type { Peer } from "./peer.ts";
import { first, leastConn } from "./policies/by-load.ts";
import { byPriority, groupsOf, type PeerGroup } from "./policies/by-priority.ts";
import { type Draw, random, randomChoose } from "./policies/drawn.ts";
import { hashed, type KeyOf, queryValue } from "./policies/hashed.ts";
import { roundRobin, weightedRoundRobin } from "./policies/in-turn.ts";
import { StickyCookie } from "./policies/sticky.ts";

/** What a policy may look at of a request. A `Session` is one. */
export interface SelectionFacts {
  /** The socket's IP. */
  readonly remoteAddress: string;
  /** The client's IP as trusted proxies tell it. */
  readonly clientAddress: string;
  /** Path and query as they go upstream. */
  readonly target: string;
  readonly headers: Headers;
}

/**
 * Chooses a peer for one attempt.
 *
 * @param tried peers that this request has already failed on; one of them is taken only when nothing else
 * is available
 * @returns undefined when no peer is available at all
 */
export type Selection = (facts: SelectionFacts, tried: readonly Peer[]) => Peer | undefined;

/** A policy over the peers of one route. */
export interface Balance {
  readonly select: Selection;
  /** Undefined where clients are not brought back by a cookie. */
  readonly sticky: StickyCookie | undefined;
}

/** How the peers of a route are chosen among. */
export interface BalanceOptions extends BalanceConfig {
  /** Of each peer: others are chosen only where none of a lower one will do (SRV). Empty: all alike. */
  readonly priorities?: readonly number[];
}

/** Makes the policy of a route over its peers, whose order is that of `weights`. @param draw where chance comes from */
export function compileBalance(
  { policy, weights, priorities = [] }: BalanceOptions,
  peers: readonly Peer[],
  draw: Draw = Math.random,
): Balance {
  const groups = groupsOf(peers, weights, priorities);
  const compiler = new Compiler(peers, groups, draw);
  const select = compiler.select(policy);
  return {
    select: peers.length === 1 && compiler.sticky === undefined ? onlyOf(peers) : select,
    sticky: compiler.sticky,
  };
}

class Compiler {
  readonly #peers: readonly Peer[];
  readonly #groups: readonly PeerGroup[];
  readonly #draw: Draw;
  sticky: StickyCookie | undefined = undefined;

  constructor(peers: readonly Peer[], groups: readonly PeerGroup[], draw: Draw) {
    this.#peers = peers;
    this.#groups = groups;
    this.#draw = draw;
  }

  select(policy: PolicyConfig): Selection {
    // A client comes back to its peer whatever the priorities.
    if (policy.type === "cookie") {
      const { name, secret, maxAgeMs } = policy;
      this.sticky = new StickyCookie(this.#peers, { name, secret, maxAgeMs, fallback: this.select(policy.fallback) });
      return this.sticky.select;
    }
    return byPriority(this.#groups.map((group) => ({ peers: group.peers, select: this.#within(group, policy) })));
  }

  #within(group: PeerGroup, policy: Exclude<PolicyConfig, { readonly type: "cookie" }>): Selection {
    const { peers, weights } = group;
    switch (policy.type) {
      case "round_robin":
        return weights.length === 0 ? roundRobin(peers) : weightedRoundRobin(peers, weights);
      case "weighted_round_robin":
        return weightedRoundRobin(peers, weights);
      case "random":
        return random(peers, weights, this.#draw);
      case "random_choose":
        return randomChoose(peers, policy.choose, this.#draw);
      case "least_conn":
        return leastConn(peers, weights);
      case "first":
        return first(peers);
      case "ip_hash":
        return this.#hashed(group, (facts) => nonEmpty(facts.remoteAddress));
      case "client_ip_hash":
        return this.#hashed(group, (facts) => nonEmpty(facts.clientAddress));
      case "uri_hash":
        return this.#hashed(group, (facts) => facts.target);
      case "query":
        return this.#hashed(group, (facts) => queryValue(facts.target, policy.key), policy.fallback);
      case "header":
        return this.#hashed(group, (facts) => nonEmpty(facts.headers.get(policy.field) ?? ""), policy.fallback);
      default:
        return policy satisfies never;
    }
  }

  /** @param fallback for a request without a key; on a unix socket nobody has an address */
  #hashed({ peers, weights }: PeerGroup, key: KeyOf, fallback: PolicyConfig = { type: "random" }): Selection {
    return hashed(peers, weights, { key, fallback: this.select(fallback) });
  }
}

function nonEmpty(text: string): string | undefined {
  return text === "" ? undefined : text;
}

/** There is nothing to choose. */
function onlyOf([only]: readonly Peer[]): Selection {
  return () => (only?.available === true ? only : undefined);
}
