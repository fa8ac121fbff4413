import { expect, test } from "bun:test";
import { ExactLane } from "../../../src/proxy/exact/exact-lane.ts";
import { FetchLane } from "../../../src/proxy/fetch-lane.ts";
import type { Outgoing } from "../../../src/proxy/lane.ts";
import { Lanes } from "../../../src/proxy/lanes.ts";
import { peerAt } from "../../helpers/engine.ts";

function outgoing(fields: Record<string, string>, target = "/"): Outgoing {
  const { signal } = new AbortController();
  return { method: "GET", target, headers: new Headers(fields), body: undefined, signal };
}

const USUAL = { "User-Agent": "a", Accept: "*/*" };

test("fetch takes what it does not change; the exact lane takes the rest", () => {
  using lanes = new Lanes();
  const peer = peerAt(1);
  expect(lanes.of(peer, outgoing(USUAL))).toBeInstanceOf(FetchLane);
  expect(lanes.of(peer, outgoing({ Accept: "*/*" }))).toBeInstanceOf(ExactLane);
  expect(lanes.of(peer, outgoing({ "User-Agent": "a" }))).toBeInstanceOf(ExactLane);
  expect(lanes.of(peer, outgoing(USUAL, "//a"))).toBeInstanceOf(ExactLane);
});

test("requests past the connections that fetch keeps take the exact lane, and fetch's again when there are fewer", () => {
  using lanes = new Lanes();
  const peer = peerAt(1);
  peer.inFlight = 60;
  expect(lanes.of(peer, outgoing(USUAL))).toBeInstanceOf(FetchLane);
  peer.inFlight = 61;
  expect(lanes.of(peer, outgoing(USUAL))).toBeInstanceOf(ExactLane);
  peer.inFlight = 1;
  expect(lanes.of(peer, outgoing(USUAL))).toBeInstanceOf(FetchLane);
});

test("two peers share what fetch keeps", () => {
  using lanes = new Lanes();
  const [one, other] = [peerAt(1), peerAt(2)];
  lanes.of(other, outgoing(USUAL));
  lanes.of(one, outgoing(USUAL));
  one.inFlight = 31;
  expect(lanes.of(one, outgoing(USUAL))).toBeInstanceOf(ExactLane);
});
