import { describe, expect, test } from "bun:test";
import { PeerMeter } from "../../../../src/observe/metrics/peer-meter.ts";
import { Tally } from "../../../../src/observe/metrics/tally.ts";
import { WorkerMeter } from "../../../../src/observe/metrics/worker-meter.ts";
import { count, tellingOf } from "../../../helpers/telling.ts";

const MOMENT = { now: 1_000, at: 50_000 };

/** The counts of one status of a route, for one host. */
function counted(tally: Tally, route: string, host: string, status: number): number {
  return tally.routes.get(route)?.statuses.get(host)?.get(status) ?? 0;
}

describe("sums over workers", () => {
  test("add up what each told, by route, host and status", () => {
    const tally = new Tally(0);
    const meters = [new WorkerMeter(), new WorkerMeter()];
    for (const [at, meter] of meters.entries()) {
      // Hosts and statuses have other numbers in each.
      if (at === 1) count(meter, { host: "b.example", status: 503 });
      count(meter, { host: "a.example" });
      count(meter, { host: "a.example", status: 404, route: "/up" });
      count(meter, {});
      tally.add(at + 1, tellingOf(meter), MOMENT);
    }
    expect(counted(tally, "/", "a.example", 200)).toBe(2);
    expect(counted(tally, "/up", "a.example", 404)).toBe(2);
    expect(counted(tally, "/", "b.example", 503)).toBe(1);
    expect(counted(tally, "/", "_other", 200)).toBe(2);
    expect(tally.routes.get("/")?.requests).toBe(5);
    expect(tally.routes.get("/")?.failed).toBe(1);
  });

  test("never go back when a worker is replaced", () => {
    const tally = new Tally(0);
    const before = new WorkerMeter();
    for (let i = 0; i < 3; i++) count(before, { retries: 1, bytesReceived: 10, bytesSent: 100 });
    tally.add(1, tellingOf(before, { cpuMs: 500, messagesSent: 4 }), MOMENT);
    tally.forgetGauges(1);
    const after = new WorkerMeter();
    count(after, { bytesSent: 100 });
    tally.add(1, tellingOf(after, { cpuMs: 20, messagesSent: 1 }), MOMENT);
    const route = tally.routes.get("/");
    expect(route?.requests).toBe(4);
    expect(route?.retries).toBe(3);
    expect(route?.bytesReceived).toBe(30);
    expect(route?.sizes.sum).toBe(400);
    expect(route?.durations.count).toBe(4);
    expect(tally.cpuMs.get(1)).toBe(520);
    expect(tally.messagesSent).toBe(5);
  });

  test("more than are counted together are counted all the same, each as it was", () => {
    const tally = new Tally(0);
    const meter = new WorkerMeter();
    for (let i = 0; i < 1_000; i++)
      count(meter, { route: i % 3 === 0 ? "/a" : "/b", tookMs: i, bytesSent: i, retries: i % 2 });
    tally.add(1, tellingOf(meter), MOMENT);
    expect(tally.routes.get("/a")?.requests).toBe(334);
    expect(tally.routes.get("/b")?.requests).toBe(666);
    expect(tally.routes.get("/a")?.retries).toBe(167);
    const sums = [...tally.routes.values()].map(({ durations, sizes }) => [durations.sum, sizes.sum]);
    expect(sums[0]?.[0]).toBe(sums[0]?.[1] ?? Number.NaN);
    expect((sums[0]?.[0] ?? 0) + (sums[1]?.[0] ?? 0)).toBe(499_500);
  });

  test("a worker tells nothing twice", () => {
    const meter = new WorkerMeter();
    count(meter, {});
    meter.onError("no_route");
    const first = tellingOf(meter).counts;
    expect(first.routes).toHaveLength(1);
    expect(first.errors).toEqual([["no_route", 1]]);
    const second = tellingOf(meter).counts;
    expect(second.routes).toEqual([]);
    expect(second.errors).toEqual([]);
  });

  test("a status that is none, or has many others beside it, is counted as itself", () => {
    const tally = new Tally(0);
    const meter = new WorkerMeter();
    for (let status = 200; status < 600; status++) count(meter, { status });
    for (let status = 200; status < 600; status++) count(meter, { status });
    count(meter, { status: 0 });
    count(meter, { status: 5_000 });
    tally.add(1, tellingOf(meter), MOMENT);
    expect(counted(tally, "/", "_other", 200)).toBe(2);
    expect(counted(tally, "/", "_other", 599)).toBe(2);
    expect(counted(tally, "/", "_other", 0)).toBe(2);
    expect(tally.routes.get("/")?.requests).toBe(802);
  });

  test("peers: attempts, failures and the time to the head", () => {
    const tally = new Tally(0);
    const meter = new PeerMeter();
    meter.onHead(20);
    meter.onHead(undefined);
    meter.onFailure(true);
    meter.onFailure(false);
    meter.onBroken();
    const delta = meter.take("127.0.0.1:1");
    tally.add(1, tellingOf(new WorkerMeter(), { peers: delta === undefined ? [] : [delta] }), MOMENT);
    const total = tally.peers.get("127.0.0.1:1");
    expect(total?.requests).toBe(4);
    expect(total?.failures).toBe(2);
    expect(total?.latency.count).toBe(1);
    expect(meter.take("127.0.0.1:1")).toBeUndefined();
  });
});

describe("a second", () => {
  test("has what came since the last one, of all workers", () => {
    const tally = new Tally(0);
    const meter = new WorkerMeter();
    for (let i = 1; i <= 100; i++) count(meter, { tookMs: i, bytesReceived: 1, bytesSent: 2 });
    count(meter, { status: 502, tookMs: 5 });
    const now = { inFlight: 3, webSocketsOpen: 2, rssBytes: 1, openFds: undefined };
    tally.add(1, tellingOf(meter, { messagesReceived: 7, messagesSent: 8, now }), MOMENT);
    tally.add(2, tellingOf(new WorkerMeter(), { messagesReceived: 1, now }), MOMENT);
    const tick = tally.tick(60_000);
    expect(tick).toMatchObject({ at: 60_000, requests: 101, errors: 1, bytesReceived: 100, bytesSent: 200 });
    expect(tick).toMatchObject({ inFlight: 6, webSocketsOpen: 4, messagesReceived: 8, messagesSent: 8 });
    expect(tick.p50Ms).toBeCloseTo(50, -1);
    expect(tick.p99Ms).toBeGreaterThan(90);
    expect(tally.tick(61_000)).toMatchObject({ requests: 0, errors: 0, bytesSent: 0, messagesSent: 0, p50Ms: null });
  });

  test("what stays open as its ends like has no say in the times", () => {
    const tally = new Tally(0);
    const meter = new WorkerMeter();
    count(meter, { status: 101, tookMs: Number.NaN });
    tally.add(1, tellingOf(meter), MOMENT);
    expect(tally.tick(1)).toMatchObject({ requests: 1, p50Ms: null });
    expect(tally.routes.get("/")?.durations.count).toBe(0);
  });

  test("fifteen minutes are kept, and seconds in which nothing was are not", () => {
    const tally = new Tally(0);
    const meter = new WorkerMeter();
    for (let second = 1; second <= 2_000; second++) {
      if (second % 2 === 0) count(meter, {});
      tally.add(1, tellingOf(meter), MOMENT);
      tally.tick(second * 1_000);
    }
    expect(tally.ticks.length).toBe(451);
    expect(tally.ticks[0]?.at).toBe(1_100_000);
    expect(tally.ticks.at(-1)?.at).toBe(2_000_000);
  });
});

describe("the last minute", () => {
  test("forgets what is older", () => {
    const tally = new Tally(0);
    const meter = new WorkerMeter();
    for (let i = 0; i < 60; i++) count(meter, { tookMs: 1_000 });
    tally.add(1, tellingOf(meter), { now: 100_000, at: 0 });
    for (let i = 0; i < 30; i++) count(meter, { tookMs: 10 });
    tally.add(1, tellingOf(meter), { now: 150_000, at: 0 });
    const route = tally.routes.get("/");
    expect(route?.recent(155_000, 0).p99Ms).toBeGreaterThan(900);
    const later = route?.recent(165_000, 0);
    expect(later?.p99Ms).toBeLessThan(11);
    expect(later?.requestsPerSecond).toBeCloseTo(30 / 55, 5);
    expect(route?.recent(250_000, 0)).toEqual({ requestsPerSecond: 0, p50Ms: null, p99Ms: null });
  });

  test("a process that has just begun divides by the time that it is there", () => {
    const tally = new Tally(100_000);
    const meter = new WorkerMeter();
    for (let i = 0; i < 20; i++) count(meter, {});
    tally.add(1, tellingOf(meter), { now: 102_000, at: 0 });
    expect(tally.routes.get("/")?.recent(104_000, tally.since).requestsPerSecond).toBeCloseTo(5, 5);
  });
});

describe("over many configurations", () => {
  test("routes that are gone keep their counts, as long as they are not too many", () => {
    const meter = new WorkerMeter();
    const tally = new Tally(0);
    for (let i = 0; i < 3_000; i++) {
      count(meter, { route: `/r${i}` });
      meter.onConfigured();
      tally.add(1, tellingOf(meter), MOMENT);
      tally.forgetGone(new Set([`/r${i}`]), new Set());
    }
    expect(tally.routes.size).toBeLessThanOrEqual(1_002);
    expect(tally.routes.has("/r2999")).toBe(true);
    expect(tally.routes.has("/r2500")).toBe(true);
    expect(tally.routes.has("/r10")).toBe(false);
  });

  test("a route that comes again goes on counting", () => {
    const meter = new WorkerMeter();
    const route = meter.route("/a");
    meter.onConfigured();
    meter.route("/b");
    meter.onConfigured();
    expect(meter.route("/a")).toBe(route);
  });
});
