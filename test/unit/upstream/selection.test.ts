import { describe, expect, test } from "bun:test";
import type { PolicyConfig } from "../../../src/config/model.ts";
import type { Peer } from "../../../src/upstream/peer.ts";
import { compileBalance } from "../../../src/upstream/selection.ts";
import { balance, counts, facts, peers, seeded } from "../../helpers/selection.ts";

const SIMPLE = [
  "round_robin",
  "weighted_round_robin",
  "random",
  "least_conn",
  "first",
  "ip_hash",
  "client_ip_hash",
  "uri_hash",
] as const;
const RANDOM = { type: "random" } as const;
const ALL: readonly PolicyConfig[] = [
  ...SIMPLE.map((type) => ({ type })),
  { type: "random_choose", choose: 2 },
  { type: "query", key: "id", fallback: RANDOM },
  { type: "header", field: "X-Id", fallback: RANDOM },
  { type: "cookie", name: "lb", secret: "s", maxAgeMs: 0, fallback: RANDOM },
];

describe.each(ALL.map((policy) => [policy.type, policy] as const))("%s", (_name, policy) => {
  const request = facts({ fields: { "X-Id": "a" }, target: "/?id=a" });

  test("gives a peer that was not tried before one that was, and one that was where there is no other", () => {
    const all = peers(3);
    const { select } = compileBalance(balance(policy), all, seeded(1));
    const [a, b, c] = all as [Peer, Peer, Peer];
    for (let i = 0; i < 10; i++) expect(select(request, [a, b])).toBe(c);
    c.life.down = { reason: "gone", since: 0 };
    for (let i = 0; i < 10; i++) expect([a, b]).toContain(select(request, [a, b]) as Peer);
  });

  test("gives none that is down or drained, and none at all where all are", () => {
    const all = peers(3);
    const { select } = compileBalance(balance(policy), all, seeded(1));
    const [a, b, c] = all as [Peer, Peer, Peer];
    a.life.down = { reason: "gone", since: 0 };
    b.life.draining = true;
    for (let i = 0; i < 10; i++) expect(select(request, [])).toBe(c);
    c.life.down = { reason: "gone", since: 0 };
    expect(select(request, [])).toBeUndefined();
    b.life.draining = false;
    expect(select(request, [])).toBe(b);
  });

  test("gives one that real requests failed on only where it is the last", () => {
    const all = peers(2);
    const { select } = compileBalance(balance(policy), all, seeded(1));
    const [a, b] = all as [Peer, Peer];
    a.life.failures.add(1e9, 0);
    for (let i = 0; i < 10; i++) expect(select(request, [])).toBe(b);
    b.life.failures.add(1e9, 0);
    expect([a, b]).toContain(select(request, []) as Peer);
  });

  test("has nothing to choose with one peer", () => {
    const [only] = peers(1) as [Peer];
    const { select } = compileBalance(balance(policy), [only]);
    expect([select(request, []), select(request, [only])]).toEqual([only, only]);
    only.life.down = { reason: "gone", since: 0 };
    expect(select(request, [])).toBeUndefined();
  });
});

describe("in turn", () => {
  test("each peer comes in its turn, and the neighbour of one that is down gets no turn more", () => {
    const all = peers(3);
    const [a, b, c] = all as [Peer, Peer, Peer];
    const { select } = compileBalance(balance({ type: "round_robin" }), all);
    expect([1, 2, 3, 4].map(() => select(facts(), []))).toEqual([a, b, c, a]);
    b.life.down = { reason: "gone", since: 0 };
    const found = [1, 2, 3, 4].map(() => select(facts(), []));
    expect(found).toEqual([c, a, c, a]);
  });

  test("weights are kept exactly and smoothly", () => {
    const all = peers(3);
    const [a, b, c] = all as [Peer, Peer, Peer];
    const { select } = compileBalance(balance({ type: "weighted_round_robin" }, [5, 1, 1]), all);
    const found = Array.from({ length: 14 }, () => select(facts(), []));
    // nginx's own order for these weights.
    expect(found.slice(0, 7)).toEqual([a, a, b, a, c, a, a]);
    expect(found.slice(7)).toEqual(found.slice(0, 7));
  });

  test("the weights of those that are left hold when one goes", () => {
    const all = peers(3);
    (all[1] as Peer).life.down = { reason: "gone", since: 0 };
    expect(counts(all, balance({ type: "weighted_round_robin" }, [3, 2, 1]), 400, () => facts())).toEqual([
      300, 0, 100,
    ]);
  });
});

describe("by chance", () => {
  test("each peer is as likely as its weight, also beside one that is down", () => {
    const all = peers(4);
    (all[1] as Peer).life.down = { reason: "gone", since: 0 };
    const [a = 0, b = 0, c = 0, d = 0] = counts(all, balance({ type: "random" }, [1, 5, 2, 1]), 8_000, () => facts());
    expect(b).toBe(0);
    for (const [count, share] of [
      [a, 2_000],
      [c, 4_000],
      [d, 2_000],
    ] as const)
      expect(Math.abs(count - share)).toBeLessThan(250);
  });

  test("random_choose takes the less busy of those it draws, so the busiest of all is never taken", () => {
    const all = peers(4);
    for (const [i, peer] of all.entries()) peer.inFlight = i;
    const [a = 0, b = 0, c = 0, d = 0] = counts(all, balance({ type: "random_choose", choose: 2 }), 6_000, () =>
      facts(),
    );
    // Of the six pairs three have the idlest, two the next, one the third.
    expect(d).toBe(0);
    for (const [count, share] of [
      [a, 3_000],
      [b, 2_000],
      [c, 1_000],
    ] as const)
      expect(Math.abs(count - share)).toBeLessThan(250);
  });
});

test("least_conn takes the one with the fewest in flight for its weight, equals in turn", () => {
  const all = peers(3);
  const [a, b, c] = all as [Peer, Peer, Peer];
  const { select } = compileBalance(balance({ type: "least_conn" }, [1, 2, 1]), all);
  for (let i = 0; i < 40; i++) {
    const peer = select(facts(), []) as Peer;
    peer.inFlight++;
  }
  expect([a.inFlight, b.inFlight, c.inFlight]).toEqual([10, 20, 10]);
  b.inFlight = 0;
  expect(select(facts(), [])).toBe(b);
});

test("least_conn never gives to one that is busier than another, however loads change", () => {
  const all = peers(5);
  const weights = [1, 2, 3, 1, 1];
  const draw = seeded(3);
  const { select } = compileBalance(balance({ type: "least_conn" }, weights), all);
  const load = (peer: Peer): number => peer.inFlight / (weights[all.indexOf(peer)] ?? 1);
  for (let i = 0; i < 2_000; i++) {
    const least = Math.min(...all.map(load));
    const chosen = select(facts(), []) as Peer;
    expect(load(chosen)).toBe(least);
    chosen.inFlight++;
    const ends = all[Math.floor(draw() * all.length)] as Peer;
    if (draw() < 0.9) ends.inFlight = Math.floor(draw() * (ends.inFlight + 1));
  }
});
