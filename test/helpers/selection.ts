import type { BalanceConfig, PolicyConfig } from "../../src/config/model.ts";
import { UPSTREAM_POLICY_DEFAULTS } from "../../src/config/upstream-model.ts";
import { Peer } from "../../src/upstream/peer.ts";
import { compileBalance, type SelectionFacts } from "../../src/upstream/selection.ts";
import { reverseProxy } from "./proxy.ts";

/** One failure makes suspect. */
const passiveHealth = { ...UPSTREAM_POLICY_DEFAULTS.passiveHealth, failDurationMs: 1 };

export function peers(count: number): Peer[] {
  return Array.from({ length: count }, (_, i) => peerAt(3000 + i));
}

function peerAt(port: number): Peer {
  return new Peer({ type: "tcp", host: "127.0.0.1", port, tls: false }, reverseProxy([], { passiveHealth }));
}

/** Chance that is the same in every run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export function facts(
  given: Partial<SelectionFacts> & { readonly fields?: Record<string, string> } = {},
): SelectionFacts {
  return {
    remoteAddress: "192.0.2.1",
    clientAddress: "198.51.100.1",
    target: "/",
    headers: new Headers(given.fields),
    ...given,
  };
}

export function balance(policy: PolicyConfig, weights: readonly number[] = []): BalanceConfig {
  return { policy, weights };
}

/** How often each peer is chosen. */
export function counts(
  all: readonly Peer[],
  config: BalanceConfig,
  times: number,
  each: (i: number) => SelectionFacts,
): number[] {
  const { select } = compileBalance(config, all, seeded(7));
  const found = new Map<Peer | undefined, number>();
  for (let i = 0; i < times; i++) {
    const peer = select(each(i), []);
    found.set(peer, (found.get(peer) ?? 0) + 1);
  }
  return all.map((peer) => found.get(peer) ?? 0);
}
