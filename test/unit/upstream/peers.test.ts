import { expect, test } from "bun:test";
import { CIRCUIT_BREAKER_DEFAULTS, UPSTREAM_POLICY_DEFAULTS } from "../../../src/config/upstream-model.ts";
import type { UpstreamAddress } from "../../../src/config/model.ts";
import type { PeerOptions } from "../../../src/upstream/peer.ts";
import { Peers } from "../../../src/upstream/peers.ts";
import { type PeerStatus, together } from "../../../src/upstream/peer-status.ts";

const OPTIONS: PeerOptions = {
  upstreamTls: {
    serverName: undefined,
    verify: true,
    ca: undefined,
    clientCert: undefined,
    clientKey: undefined,
    http2: false,
  },
  timeouts: { dialMs: 3_000, responseHeaderMs: 0, readMs: 0, writeMs: 0 },
  keepAlive: { idleTimeoutMs: 0, poolSize: 128 },
  client: "exact",
  responseBufferBytes: 1024,
  websocket: { maxMessageBytes: 1024, deadAfterMs: 60_000, handshakeTimeoutMs: 30_000 },
  limit: UPSTREAM_POLICY_DEFAULTS.limit,
  passiveHealth: UPSTREAM_POLICY_DEFAULTS.passiveHealth,
  breaker: undefined,
};
const address = (port: number, tls = false): UpstreamAddress => ({ type: "tcp", host: "127.0.0.1", port, tls });
const status = (port: number): PeerStatus => ({
  name: `127.0.0.1:${port}`,
  upstream: `127.0.0.1:${port}`,
  isUp: true,
  down: undefined,
  isSuspect: false,
  isDraining: false,
  inFlight: 0,
  failures: 0,
  breaker: undefined,
  lastFailure: undefined,
});
const again = (): PeerOptions => structuredClone(OPTIONS);

test("the same address spoken to in the same way is the same peer", () => {
  const peers = new Peers();
  expect(peers.get(address(1), again())).toBe(peers.get(address(1), again()));
  expect(peers.size).toBe(1);
});

test("other addresses, and the same one with TLS, are other peers with a life of their own", () => {
  const peers = new Peers();
  const all = [peers.get(address(1), OPTIONS), peers.get(address(2), OPTIONS), peers.get(address(1, true), OPTIONS)];
  expect(new Set(all.map((peer) => peer.life)).size).toBe(3);
});

test("one that is spoken to in another way is another peer with the same life", () => {
  const peers = new Peers();
  const before = peers.get(address(1), OPTIONS);
  before.life.down = { reason: "gone", since: 0 };
  before.inFlight++;
  const after = peers.get(address(1), { ...again(), timeouts: { ...OPTIONS.timeouts, readMs: 1 } });
  expect(after).not.toBe(before);
  expect([after.healthy, after.available, after.inFlight]).toEqual([false, false, 1]);
  peers.retain(new Set([after]));
  before.inFlight--;
  expect(after.inFlight).toBe(0);
});

test("what else the route says of it makes no other peer, and is not kept", () => {
  const peers = new Peers();
  const peer = peers.get(address(1), { ...OPTIONS, host: "a.test" } as PeerOptions);
  expect(peers.get(address(1), { ...OPTIONS, host: "b.test" } as PeerOptions)).toBe(peer);
  expect(peer.options).not.toHaveProperty("host");
});

test("a peer that is not retained begins a new life when it comes back", () => {
  const peers = new Peers();
  const stays = peers.get(address(1), OPTIONS);
  const goes = peers.get(address(2), OPTIONS);
  goes.life.down = { reason: "gone", since: 0 };
  peers.retain(new Set([stays]));
  expect(peers.size).toBe(1);
  expect(peers.get(address(1), again())).toBe(stays);
  const back = peers.get(address(2), OPTIONS);
  expect(back).not.toBe(goes);
  expect(back.healthy).toBe(true);
});

test("an address that is drained gets nothing new however it is spoken to, and is told apart from one that is down", () => {
  const peers = new Peers();
  const first = peers.get(address(1), OPTIONS);
  peers.drain([first.name, "127.0.0.1:2"]);
  const other = peers.get(address(1), { ...again(), timeouts: { ...OPTIONS.timeouts, readMs: 1 } });
  const later = peers.get(address(2), OPTIONS);
  expect([first, other, later].map((peer) => [peer.available, peer.healthy])).toEqual([
    [false, true],
    [false, true],
    [false, true],
  ]);
  later.inFlight++;
  expect(peers.statuses).toEqual([
    { ...status(1), isDraining: true, inFlight: 0 },
    { ...status(2), isDraining: true, inFlight: 1 },
  ]);
  peers.drain([later.name]);
  expect([first, other, later].map((peer) => peer.available)).toEqual([true, true, false]);
});

test("a named upstream is drained with all of its addresses, those that come later too, or one address alone", () => {
  const peers = new Peers();
  const at = (host: string) => peers.get({ type: "tcp", host, port: 80, tls: false, name: "a.test" }, OPTIONS);
  const [first, second] = [at("192.0.2.1"), at("192.0.2.2")];
  expect([first.upstream, first.name]).toEqual(["a.test:80", "a.test:80 (192.0.2.1)"]);
  peers.drain([first.name]);
  expect([first.available, second.available]).toEqual([false, true]);
  peers.drain(["a.test:80"]);
  expect([first.available, second.available, at("192.0.2.3").available]).toEqual([false, false, false]);
});

test("a worker that does not look at peers is told which are down; that holds for those that come later, and until it is told anew", () => {
  const peers = new Peers();
  const down = { name: "127.0.0.1:1", reason: "it answered 500", since: 7 };
  peers.setDown([down]);
  const [one, two] = [peers.get(address(1), OPTIONS), peers.get(address(2), OPTIONS)];
  expect([one.available, two.available]).toEqual([false, true]);
  expect(peers.statuses[0]).toEqual({ ...status(1), isUp: false, down: { reason: "it answered 500", since: 7 } });
  peers.setDown([]);
  expect(one.available).toBe(true);
});

test("what one worker begins with holds for no peer that comes later", () => {
  const peers = new Peers();
  const [one] = [peers.get(address(1), OPTIONS)];
  const why = { reason: "gone", since: 0 };
  peers.markDown([
    { name: one.name, ...why },
    { name: "127.0.0.1:2", ...why },
  ]);
  expect([one.available, peers.get(address(2), OPTIONS).available]).toEqual([false, true]);
});

test("a reload with other thresholds of a breaker is judged by those; one with the same keeps its state", () => {
  const peers = new Peers();
  const withBreaker = (minRequests: number, readMs = 0) =>
    peers.get(address(1), {
      ...again(),
      timeouts: { ...OPTIONS.timeouts, readMs },
      breaker: { ...CIRCUIT_BREAKER_DEFAULTS, minRequests },
    });
  const patient = withBreaker(1_000);
  const strict = withBreaker(2);
  const now = performance.now();
  for (const { breaker } of [patient, strict]) for (let i = 0; i < 2; i++) breaker?.onOutcome(false, undefined, now);
  expect([patient.isSuspect, strict.isSuspect, withBreaker(2, 1).isSuspect]).toEqual([false, true, true]);
  // A route without one does not care.
  expect(peers.get(address(1), OPTIONS).isSuspect).toBe(false);
  expect(peers.statuses[0]).toMatchObject({ isSuspect: true, breaker: "open" });
  // What no configuration names any more is forgotten.
  peers.retain(new Set([patient]));
  expect(withBreaker(2).isSuspect).toBe(false);
});

test("of several routes each counts failures by its own measure", () => {
  const peers = new Peers();
  const at = (maxFails: number) =>
    peers.get(address(1), {
      ...again(),
      passiveHealth: { ...OPTIONS.passiveHealth, failDurationMs: 60_000, maxFails },
    });
  const [strict, patient] = [at(1), at(3)];
  const seen = [1, 2, 3].map(() => {
    strict.life.failures.add(60_000, performance.now());
    return [strict.isSuspect, patient.isSuspect];
  });
  expect(seen).toEqual([
    [true, false],
    [true, false],
    [true, true],
  ]);
});

test("two workers' words about an address are put together: the worse and the later hold, and counts add up", () => {
  const failure = (at: number) => ({ kind: "connection_refused", detail: "refused", at });
  const one: PeerStatus = { ...status(1), inFlight: 1, failures: 1, breaker: "closed", lastFailure: failure(2) };
  const down = { reason: "gone", since: 1 };
  const two: PeerStatus = { ...status(1), isUp: false, down, inFlight: 2, breaker: "open", lastFailure: failure(1) };
  const both = { ...status(1), isUp: false, down, inFlight: 3, failures: 1, breaker: "open", lastFailure: failure(2) };
  expect([together(one, two), together(two, one)]).toEqual([both, both] as PeerStatus[]);
});

test("an address that comes back while something is open on it goes on with its life", () => {
  const peers = new Peers();
  const before = peers.get(address(1), OPTIONS);
  before.inFlight++;
  peers.retain(new Set());
  expect([peers.size, peers.statuses.length]).toEqual([1, 0]);
  const after = peers.get(address(1), OPTIONS);
  expect(after.inFlight).toBe(1);
  peers.retain(new Set());
  before.inFlight--;
  peers.retain(new Set());
  expect(peers.size).toBe(0);
});
