import { describe, expect, test } from "bun:test";
import { reverseProxy } from "../../helpers/proxy.ts";
import { Peer } from "../../../src/upstream/peer.ts";
import { compileSelection, random, roundRobin } from "../../../src/upstream/selection.ts";

function peers(count: number): readonly Peer[] {
  return Array.from(
    { length: count },
    (_, i) => new Peer({ type: "tcp", host: "127.0.0.1", port: 3000 + i, tls: false }, reverseProxy()),
  );
}

test("each peer comes in turn", () => {
  const [a, b, c] = peers(3) as [Peer, Peer, Peer];
  const select = roundRobin([a, b, c]);
  expect([1, 2, 3, 4].map(() => select([]))).toEqual([a, b, c, a]);
});

test("a peer that is down is passed over, and its neighbour does not get its share twice in a row", () => {
  const [a, b, c] = peers(3) as [Peer, Peer, Peer];
  b.healthy = false;
  const select = roundRobin([a, b, c]);
  expect([1, 2, 3, 4].map(() => select([]))).toEqual([a, c, a, c]);
});

test("a peer that this request has failed on is taken only when nothing else is up", () => {
  const [a, b] = peers(2) as [Peer, Peer];
  const select = roundRobin([a, b]);
  expect(select([a])).toBe(b);
  expect(select([a])).toBe(b);
  b.healthy = false;
  expect(select([a])).toBe(a);
});

test("there is none when all are down, be it one or several", () => {
  for (const count of [1, 3]) {
    const all = peers(count);
    for (const peer of all) peer.healthy = false;
    expect(roundRobin(all)([])).toBeUndefined();
  }
});

describe("random", () => {
  test("gives each available peer as often, also beside one that is down", () => {
    const all = peers(4);
    (all[1] as Peer).healthy = false;
    let draw = 0;
    const select = random(all, () => (draw++ % 300) / 300);
    const counts = new Map<Peer | undefined, number>();
    for (let i = 0; i < 300; i++) {
      const peer = select([]);
      counts.set(peer, (counts.get(peer) ?? 0) + 1);
    }
    expect(all.map((peer) => counts.get(peer) ?? 0)).toEqual([100, 0, 100, 100]);
  });

  test("takes one that was tried only where there is no other", () => {
    const [a, b] = peers(2) as [Peer, Peer];
    const select = random([a, b], () => 0);
    expect(select([a])).toBe(b);
    expect(select([a, b])).toBe(a);
    b.healthy = false;
    expect(select([a])).toBe(a);
    a.healthy = false;
    expect(select([])).toBeUndefined();
  });
});

describe("first", () => {
  test("is the first available one, and another where that was tried", () => {
    const [a, b] = peers(2) as [Peer, Peer];
    const select = compileSelection({ type: "first" }, [a, b]);
    expect([select([]), select([]), select([a])]).toEqual([a, a, b]);
    a.healthy = false;
    expect(select([])).toBe(b);
    expect(select([b])).toBe(b);
  });
});
