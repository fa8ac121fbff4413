import { expect, test } from "bun:test";
import type { PolicyConfig } from "../../../../src/config/model.ts";
import { Peer } from "../../../../src/upstream/peer.ts";
import { compileBalance } from "../../../../src/upstream/selection.ts";
import { reverseProxy } from "../../../helpers/proxy.ts";

const DOWN = { reason: "gone", since: 0 };
const FACTS = { remoteAddress: "192.0.2.1", clientAddress: "192.0.2.1", target: "/", headers: new Headers() };

function peersAt(...ports: readonly number[]): readonly Peer[] {
  return ports.map((port) => new Peer({ type: "tcp", host: "127.0.0.1", port, tls: false }, reverseProxy()));
}

function portOf(peer: Peer | undefined): number | undefined {
  return peer?.address.type === "tcp" ? peer.address.port : undefined;
}

const POLICIES: readonly PolicyConfig[] = [
  { type: "round_robin" },
  { type: "random" },
  { type: "random_choose", choose: 2 },
  { type: "least_conn" },
  { type: "first" },
  { type: "ip_hash" },
  { type: "uri_hash" },
  { type: "header", field: "X", fallback: { type: "random" } },
];

test.each(POLICIES.map((policy) => [policy.type, policy] as const))(
  "%s stays within the lowest priority that has a peer available",
  (_, policy) => {
    const peers = peersAt(9, 1, 2);
    const [last, ...first] = peers;
    const { select } = compileBalance({ policy, weights: [], priorities: [20, 10, 10] }, peers);
    const chosen = (): readonly (number | undefined)[] => [
      ...new Set(Array.from({ length: 50 }, () => portOf(select(FACTS, [])))),
    ];
    expect(chosen()).not.toContain(9);
    for (const peer of first) peer.life.down = DOWN;
    expect(chosen()).toEqual([9]);
    if (last !== undefined) last.life.down = DOWN;
    expect(chosen()).toEqual([undefined]);
    for (const peer of first) peer.life.down = undefined;
    expect(chosen()).not.toContain(9);
  },
);

test("a request that failed on all of one priority goes on to the next, and back when there is no other", () => {
  const peers = peersAt(1, 2, 3);
  const [one, two, three] = peers as [Peer, Peer, Peer];
  const { select } = compileBalance({ policy: { type: "first" }, weights: [], priorities: [0, 0, 1] }, peers);
  expect(select(FACTS, [])).toBe(one);
  expect(select(FACTS, [one])).toBe(two);
  expect(select(FACTS, [one, two])).toBe(three);
  expect(select(FACTS, [one, two, three])).toBe(one);
});

test("weights go with their peers into each priority", () => {
  const peers = peersAt(1, 2, 3);
  const balance = { policy: { type: "round_robin" }, weights: [3, 9, 1], priorities: [0, 5, 0] } as const;
  const { select } = compileBalance(balance, peers);
  const ports = Array.from({ length: 8 }, () => portOf(select(FACTS, [])));
  expect([1, 2, 3].map((port) => ports.filter((each) => each === port).length)).toEqual([6, 0, 2]);
});

test("a cookie brings a client back to its peer of any priority", () => {
  const peers = peersAt(1, 2);
  const [one, two] = peers as [Peer, Peer];
  const policy = { type: "cookie", name: "lb", secret: "s", maxAgeMs: 0, fallback: { type: "random" } } as const;
  const { select, sticky } = compileBalance({ policy, weights: [], priorities: [0, 1] }, peers);
  expect(select(FACTS, [])).toBe(one);
  const cookie = sticky?.cookieOf(two, false)?.split(";")[0] ?? "";
  expect(select({ ...FACTS, headers: new Headers({ Cookie: cookie }) }, [])).toBe(two);
});
