import { expect, test } from "bun:test";
import type { ActiveHealthConfig } from "../../../../src/config/model.ts";
import { ACTIVE_HEALTH_DEFAULTS } from "../../../../src/config/upstream-model.ts";
import { HealthChecker } from "../../../../src/upstream/health/checker.ts";
import { probeTcp } from "../../../../src/upstream/health/probe.ts";
import { Peer } from "../../../../src/upstream/peer.ts";
import { RecordingLog, reverseProxy } from "../../../helpers/proxy.ts";
import { refusingPort } from "../../../helpers/raw-origin.ts";

function every(intervalMs: number, more: Partial<ActiveHealthConfig> = {}): ActiveHealthConfig {
  return { ...ACTIVE_HEALTH_DEFAULTS, type: "tcp", intervalMs, ...more };
}

function peerAt(port: number): Peer {
  return new Peer({ type: "tcp", host: "127.0.0.1", port, tls: false }, reverseProxy());
}

test("a state is logged when it changes, not at each look", async () => {
  const peer = peerAt(1);
  const log = new RecordingLog();
  const results = [true, true, "gone", "gone", "gone", true, true] as const;
  const { promise: all, resolve } = Promise.withResolvers<void>();
  let looks = 0;
  const probe = async (): Promise<true | string> => {
    if (looks === results.length) resolve();
    return results[Math.min(looks++, results.length - 1)] ?? true;
  };
  using checker = new HealthChecker([{ peer, check: every(1) }], log, { probe });
  checker.start();
  await all;
  expect(log.lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
    "warn peer is down",
    "info peer is up again",
  ]);
  expect(log.lines[0]?.facts).toEqual({ peer: "127.0.0.1:1", reason: "gone" });
  expect(peer.healthy).toBe(true);
});

test("a look that this process could not make counts neither way", async () => {
  const peer = peerAt(1);
  const results = ["gone", undefined, "gone", true, undefined, "gone"] as const;
  const { promise: all, resolve } = Promise.withResolvers<void>();
  const seen: boolean[] = [];
  const probe = async (): Promise<true | string | undefined> => {
    seen.push(peer.healthy);
    if (seen.length > results.length) resolve();
    return results[seen.length - 1];
  };
  using checker = new HealthChecker([{ peer, check: every(1, { fails: 2 }) }], new RecordingLog(), { probe });
  checker.start();
  await all;
  // Before each look: the second failure in a row takes it out, though one look between them was none.
  expect(seen.slice(0, 7)).toEqual([true, true, true, false, true, true, true]);
});

test("without a check nothing is looked at", () => {
  let looks = 0;
  using checker = new HealthChecker([{ peer: peerAt(1), check: undefined }], new RecordingLog(), {
    probe: async () => {
      looks++;
      return true;
    },
  });
  checker.start();
  expect(looks).toBe(0);
});

test("an address that several routes forward to is looked at once: by a request, and as often as the most careful wants", () => {
  const peer = peerAt(1);
  const other = new Peer(peer.address, peer.options, peer.life);
  const looks: (readonly [Peer, string, number])[] = [];
  const watched = [
    { peer, check: undefined },
    { peer, check: every(100) },
    { peer, check: every(500, { type: "http" }) },
    { peer: other, check: every(300, { type: "http" }) },
    { peer, check: every(900, { type: "http" }) },
  ];
  using checker = new HealthChecker(watched, new RecordingLog(), {
    probe: async (which, { type, intervalMs }) => {
      looks.push([which, type, intervalMs]);
      return true;
    },
  });
  checker.start();
  expect(looks).toEqual([[other, "http", 300]]);
});

test("health_fails and health_passes count what comes in a row", async () => {
  const peer = peerAt(1);
  const log = new RecordingLog();
  const results = ["bad", true, "bad", "bad", true, "bad", true, true] as const;
  const seen: boolean[] = [];
  const { promise: all, resolve } = Promise.withResolvers<void>();
  using checker = new HealthChecker([{ peer, check: every(1, { fails: 2, passes: 2 }) }], log, {
    probe: async () => {
      seen.push(peer.healthy);
      if (seen.length > results.length) resolve();
      return results[seen.length - 1] ?? true;
    },
  });
  checker.start();
  await all;
  expect(seen.slice(1, 9)).toEqual([true, true, true, false, false, false, false, true]);
});

test("a peer that is not looked at any more counts as up", () => {
  const peer = peerAt(1);
  peer.life.down = { reason: "gone", since: 0 };
  using checker = new HealthChecker([{ peer, check: undefined }], new RecordingLog());
  checker.start();
  expect(peer.available).toBe(true);
});

test("a look that ends after disposal changes nothing", async () => {
  const peer = peerAt(1);
  const { promise, resolve } = Promise.withResolvers<true | string>();
  const log = new RecordingLog();
  const checker = new HealthChecker([{ peer, check: every(1) }], log, { probe: () => promise });
  checker.start();
  checker[Symbol.dispose]();
  resolve("gone");
  await promise;
  await Bun.sleep(0);
  expect([peer.healthy, log.lines.length]).toEqual([true, 0]);
});

test("the probe tells a peer that accepts from one that refuses", async () => {
  using listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  expect(await probeTcp(peerAt(listener.port), 1_000)).toBe(true);
  expect(await probeTcp(peerAt(refusingPort()), 1_000)).toContain("ECONNREFUSED");
});

test("peers may become others: those that stay are looked at as before, those that go are not any more", async () => {
  const [stays, goes, comes] = [peerAt(1), peerAt(2), peerAt(3)];
  const looks = new Map<Peer, number>();
  const verdicts: (readonly string[])[] = [];
  const { promise: taken, resolve } = Promise.withResolvers<void>();
  using checker = new HealthChecker([], new RecordingLog(), {
    probe: async (peer) => {
      looks.set(peer, (looks.get(peer) ?? 0) + 1);
      return "gone";
    },
    onVerdicts: (down) => {
      verdicts.push(down.map(({ name }) => name));
      if (down.length === 2) resolve();
    },
  });
  const check = every(60_000);
  checker.follow([stays, goes].map((peer) => ({ peer, check })));
  expect(looks.size).toBe(0);
  checker.start();
  await taken;
  checker.follow([stays, comes].map((peer) => ({ peer, check })));
  expect([stays, goes, comes].map((peer) => looks.get(peer))).toEqual([1, 1, 1]);
  await Bun.sleep(0);
  expect([stays, goes, comes].map(({ healthy }) => healthy)).toEqual([false, true, false]);
  expect(verdicts.slice(-2)).toEqual([[stays.name], [stays.name, comes.name]]);
});

test("a thousand changes leave one look", async () => {
  let looks = 0;
  using checker = new HealthChecker([], new RecordingLog(), {
    probe: async () => {
      looks++;
      return true;
    },
  });
  checker.start();
  for (let i = 1; i <= 1_000; i++) checker.follow([{ peer: peerAt(i), check: every(1) }]);
  await Bun.sleep(0);
  looks = 0;
  const { promise: seen, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, 20);
  await seen;
  // A timer for each that left would make a thousand of each of them.
  expect(looks).toBeLessThan(100);
});
