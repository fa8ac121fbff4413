import { describe, expect, test } from "bun:test";
import type { PolicyConfig } from "../../../../src/config/model.ts";
import type { Peer } from "../../../../src/upstream/peer.ts";
import { compileBalance, type SelectionFacts } from "../../../../src/upstream/selection.ts";
import { balance, counts, facts, peers } from "../../../helpers/selection.ts";

describe("by a hash", () => {
  const KEYS = 20_000;
  const byUri = (i: number): SelectionFacts => facts({ target: `/thing/${i}` });
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
    gone.life.down = { reason: "gone", since: 0 };
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
    ["query", { type: "query", key: "id", fallback: { type: "first" } }, { target: "/a?x=1&id=77" }],
    ["header", { type: "header", field: "X-Id", fallback: { type: "first" } }, { fields: { "x-id": "77" } }],
    ["header Host", { type: "header", field: "Host", fallback: { type: "first" } }, { fields: { host: "b.example" } }],
  ] as const)("%s looks at nothing but that", (_name, policy, given) => {
    const all = peers(50);
    const { select } = compileBalance(balance(policy as PolicyConfig), all);
    const seen = new Set(
      [1, 2, 3].map((i) => select(facts({ remoteAddress: `10.0.0.${i}`, target: `/${i}`, ...given }), [])),
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
    if (_name === "ip_hash") expect(select(facts(given), [])).toBe(select(facts({ ...given, target: "/z" }), []));
    else expect(seen.size).toBe(1);
    expect(other.size).toBeGreaterThan(5);
  });

  test("a query parameter is decoded, and several are taken together", () => {
    const all = peers(50);
    const { select } = compileBalance(balance({ type: "query", key: "user id", fallback: { type: "first" } }), all);
    const of = (query: string): Peer | undefined => select(facts({ target: `/?${query}` }), []);
    expect(of("user+id=a%20b")).toBe(of("x=1&user%20id=a+b") as Peer);
    const second = new Set(Array.from({ length: 20 }, (_, i) => of(`user+id=one&user+id=${i}`)));
    expect(second.size).toBeGreaterThan(5);
  });

  test("weights as large as those of SRV keep their shares, and one peer more takes its own only", () => {
    const all = peers(4);
    const weights = [60_000, 20_000, 20_000, 10_000];
    const before = choices(all.slice(0, 3), weights.slice(0, 3));
    const after = choices(all, weights);
    for (const [i, peer] of all.entries()) {
      const share = (weights[i] ?? 0) / 110_000;
      const found = after.filter((each) => each === peer).length / KEYS;
      expect(Math.abs(found - share) / share).toBeLessThan(0.15);
    }
    const moved = after.filter((peer, i) => peer !== before[i]);
    expect(moved.every((peer) => peer === all[3])).toBe(true);
  });

  test("without its key a request goes as the fallback says", () => {
    const all = peers(20);
    for (const policy of [
      { type: "query", key: "id", fallback: { type: "first" } },
      { type: "header", field: "X-Id", fallback: { type: "first" } },
    ] as const) {
      const { select } = compileBalance(balance(policy), all);
      for (const target of ["/", "/?", "/?id", "/?id=", "/?xid=4"]) {
        expect(select(facts({ target: target }), [])).toBe(all[0] as Peer);
      }
    }
  });
});
