import { expect, test } from "bun:test";
import { configWith } from "../../helpers/proxy.ts";
import { Peer } from "../../../src/upstream/peer.ts";
import { roundRobin } from "../../../src/upstream/selection.ts";

function peers(count: number): readonly Peer[] {
  const [route] = configWith({ upstreams: [] }).routes;
  if (route === undefined) throw new Error("no route");
  return Array.from(
    { length: count },
    (_, i) => new Peer({ type: "tcp", host: "127.0.0.1", port: 3000 + i, tls: false }, route.proxy),
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
