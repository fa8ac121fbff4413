import { describe, expect, test } from "bun:test";
import type { BalanceConfig, PolicyConfig } from "../../../src/config/model.ts";
import { UPSTREAM_POLICY_DEFAULTS } from "../../../src/config/upstream-model.ts";
import { Peer } from "../../../src/upstream/peer.ts";
import { compileBalance, type SelectionFacts } from "../../../src/upstream/selection.ts";
import { reverseProxy } from "../../helpers/proxy.ts";

/** One failure makes suspect. */
const passiveHealth = { ...UPSTREAM_POLICY_DEFAULTS.passiveHealth, failDurationMs: 1 };

function peers(count: number): Peer[] {
  return Array.from({ length: count }, (_, i) => peerAt(3000 + i));
}

function peerAt(port: number): Peer {
  return new Peer({ type: "tcp", host: "127.0.0.1", port, tls: false }, reverseProxy([], { passiveHealth }));
}

/** Chance that is the same in every run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function facts(given: Partial<SelectionFacts> & { readonly fields?: Record<string, string> } = {}): SelectionFacts {
  return {
    remoteAddress: "192.0.2.1",
    clientAddress: "198.51.100.1",
    originalTarget: "/",
    headers: new Headers(given.fields),
    secure: false,
    ...given,
  };
}

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

function balance(policy: PolicyConfig, weights: readonly number[] = []): BalanceConfig {
  return { policy, weights };
}

/** How often each peer is chosen. */
function counts(
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

describe.each(ALL.map((policy) => [policy.type, policy] as const))("%s", (_name, policy) => {
  const request = facts({ fields: { "X-Id": "a" }, originalTarget: "/?id=a" });

  test("gives a peer that was not tried before one that was, and one that was where there is no other", () => {
    const all = peers(3);
    const { select } = compileBalance(balance(policy), all, seeded(1));
    const [a, b, c] = all as [Peer, Peer, Peer];
    for (let i = 0; i < 10; i++) expect(select(request, [a, b])).toBe(c);
    c.healthy = false;
    for (let i = 0; i < 10; i++) expect([a, b]).toContain(select(request, [a, b]) as Peer);
  });

  test("gives none that is down or drained, and none at all where all are", () => {
    const all = peers(3);
    const { select } = compileBalance(balance(policy), all, seeded(1));
    const [a, b, c] = all as [Peer, Peer, Peer];
    a.healthy = false;
    b.life.draining = true;
    for (let i = 0; i < 10; i++) expect(select(request, [])).toBe(c);
    c.healthy = false;
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
    only.healthy = false;
    expect(select(request, [])).toBeUndefined();
  });
});

describe("in turn", () => {
  test("each peer comes in its turn, and the neighbour of one that is down gets no turn more", () => {
    const all = peers(3);
    const [a, b, c] = all as [Peer, Peer, Peer];
    const { select } = compileBalance(balance({ type: "round_robin" }), all);
    expect([1, 2, 3, 4].map(() => select(facts(), []))).toEqual([a, b, c, a]);
    b.healthy = false;
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
    (all[1] as Peer).healthy = false;
    expect(counts(all, balance({ type: "weighted_round_robin" }, [3, 2, 1]), 400, () => facts())).toEqual([
      300, 0, 100,
    ]);
  });
});

describe("by chance", () => {
  test("each peer is as likely as its weight, also beside one that is down", () => {
    const all = peers(4);
    (all[1] as Peer).healthy = false;
    const [a = 0, b = 0, c = 0, d = 0] = counts(all, balance({ type: "random" }, [1, 5, 2, 1]), 8_000, () => facts());
    expect(b).toBe(0);
    for (const [count, share] of [
      [a, 2_000],
      [c, 4_000],
      [d, 2_000],
    ] as const)
      expect(Math.abs(count - share)).toBeLessThan(150);
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
      expect(Math.abs(count - share)).toBeLessThan(150);
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

describe("by a hash", () => {
  const KEYS = 20_000;
  const byUri = (i: number): SelectionFacts => facts({ originalTarget: `/thing/${i}` });
  const choices = (all: readonly Peer[], weights: readonly number[] = []): (Peer | undefined)[] => {
    const { select } = compileBalance(balance({ type: "uri_hash" }, weights), all);
    return Array.from({ length: KEYS }, (_, i) => select(byUri(i), []));
  };

  test("keys are spread evenly, or by weight", () => {
    const even = counts(peers(5), balance({ type: "uri_hash" }), KEYS, byUri);
    for (const count of even) expect(Math.abs(count - KEYS / 5) / (KEYS / 5)).toBeLessThan(0.25);
    const [one = 0, three = 0] = counts(peers(2), balance({ type: "uri_hash" }, [1, 3]), KEYS, byUri);
    expect(three / one).toBeGreaterThan(2.4);
    expect(three / one).toBeLessThan(3.6);
  });

  test("one of ten peers less moves its own keys and no others, whether it is down or gone", () => {
    const all = peers(10);
    const before = choices(all);
    const gone = all[3] as Peer;
    gone.healthy = false;
    const down = choices(all);
    const without = choices(all.filter((peer) => peer !== gone));
    const moved = before.filter((peer, i) => peer !== down[i]);
    expect(moved.every((peer) => peer === gone)).toBe(true);
    expect(moved.length / KEYS).toBeGreaterThan(0.07);
    expect(moved.length / KEYS).toBeLessThan(0.13);
    expect(without).toEqual(down);
  });

  test("one peer more takes about its share, and all of it from the others", () => {
    const all = peers(10);
    const before = choices(all.slice(0, 9));
    const after = choices(all);
    const moved = after.filter((peer, i) => peer !== before[i]);
    expect(moved.every((peer) => peer === all[9])).toBe(true);
    expect(moved.length / KEYS).toBeLessThan(0.13);
  });

  test("neither the order of the list nor another start changes anything", () => {
    const names = (found: readonly (Peer | undefined)[]): (string | undefined)[] => found.map((peer) => peer?.name);
    expect(names(choices(peers(5).toReversed()))).toEqual(names(choices(peers(5))));
  });

  test.each([
    ["ip_hash", { type: "ip_hash" }, { remoteAddress: "192.0.2.77" }],
    ["client_ip_hash", { type: "client_ip_hash" }, { clientAddress: "192.0.2.77" }],
    ["query", { type: "query", key: "id", fallback: { type: "first" } }, { originalTarget: "/a?x=1&id=77" }],
    ["header", { type: "header", field: "X-Id", fallback: { type: "first" } }, { fields: { "x-id": "77" } }],
    ["header Host", { type: "header", field: "Host", fallback: { type: "first" } }, { fields: { host: "b.example" } }],
  ] as const)("%s looks at nothing but that", (_name, policy, given) => {
    const all = peers(50);
    const { select } = compileBalance(balance(policy as PolicyConfig), all);
    const seen = new Set(
      [1, 2, 3].map((i) => select(facts({ remoteAddress: `10.0.0.${i}`, originalTarget: `/${i}`, ...given }), [])),
    );
    const other = new Set(
      Array.from({ length: 20 }, (_, i) => {
        const [key, value] = Object.entries(given)[0] ?? [];
        const changed =
          typeof value === "string"
            ? { [key as string]: `${value}${i}` }
            : { fields: Object.fromEntries(Object.entries(value as object).map(([k, v]) => [k, `${v}${i}`])) };
        return select(facts({ ...given, ...changed }), []);
      }),
    );
    if (_name === "ip_hash")
      expect(select(facts(given), [])).toBe(select(facts({ ...given, originalTarget: "/z" }), []));
    else expect(seen.size).toBe(1);
    expect(other.size).toBeGreaterThan(5);
  });

  test("without its key a request goes as the fallback says", () => {
    const all = peers(20);
    for (const policy of [
      { type: "query", key: "id", fallback: { type: "first" } },
      { type: "header", field: "X-Id", fallback: { type: "first" } },
    ] as const) {
      const { select } = compileBalance(balance(policy), all);
      for (const target of ["/", "/?", "/?id", "/?id=", "/?xid=4"]) {
        expect(select(facts({ originalTarget: target }), [])).toBe(all[0] as Peer);
      }
    }
  });
});

describe("cookie", () => {
  const policy: PolicyConfig = {
    type: "cookie",
    name: "lb",
    secret: "secret",
    maxAgeMs: 0,
    fallback: { type: "first" },
  };

  test("is the HMAC of the peer's address, and brings the client back", () => {
    const all = peers(3);
    const [a, b] = all as [Peer, Peer];
    const { select, sticky } = compileBalance(balance(policy), all);
    const value = new Bun.CryptoHasher("sha256", "secret").update("127.0.0.1:3001").digest("hex");
    expect(select(facts({ fields: { cookie: `x=1; lb=${value}` } }), [])).toBe(b);
    expect(select(facts({ fields: { cookie: "lb=forged" } }), [])).toBe(a);
    expect(sticky?.cookieFor(facts(), b)).toBe(`lb=${value}; Path=/; HttpOnly; SameSite=Lax`);
    expect(sticky?.cookieFor(facts({ secure: true }), b)).toBe(`lb=${value}; Path=/; HttpOnly; SameSite=Lax; Secure`);
    expect(sticky?.cookieFor(facts({ fields: { cookie: `lb=${value}` } }), b)).toBeUndefined();
  });

  test("is set for the peer that took over from one that is down", () => {
    const all = peers(2);
    const [a, b] = all as [Peer, Peer];
    const { select, sticky } = compileBalance(balance({ ...policy, maxAgeMs: 3_600_000 }), all);
    const request = facts({ fields: { cookie: sticky?.cookieFor(facts(), b)?.split(";")[0] ?? "" } });
    expect(select(request, [])).toBe(b);
    b.healthy = false;
    expect(select(request, [])).toBe(a);
    expect(sticky?.cookieFor(request, a)).toContain("; Max-Age=3600;");
  });
});
