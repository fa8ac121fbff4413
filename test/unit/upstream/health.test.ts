import { expect, test } from "bun:test";
import { HealthChecker, probeTcp } from "../../../src/upstream/health.ts";
import { Peer } from "../../../src/upstream/peer.ts";
import { RecordingLog, reverseProxy } from "../../helpers/proxy.ts";
import { refusingPort } from "../../helpers/raw-origin.ts";

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
  using checker = new HealthChecker([{ peer, intervalMs: 1 }], log, probe);
  checker.start();
  await all;
  expect(log.lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
    "warn peer is down",
    "info peer is up again",
  ]);
  expect(log.lines[0]?.facts).toEqual({ peer: "127.0.0.1:1", reason: "gone" });
  expect(peer.healthy).toBe(true);
});

test("an interval of 0 looks at nothing", () => {
  let looks = 0;
  using checker = new HealthChecker([{ peer: peerAt(1), intervalMs: 0 }], new RecordingLog(), async () => {
    looks++;
    return true;
  });
  checker.start();
  expect(looks).toBe(0);
});

test("an address that several routes forward to is looked at once, as often as the most careful wants", () => {
  const peer = peerAt(1);
  const other = new Peer(peer.address, peer.options, peer.life);
  const looks: (readonly [Peer, number])[] = [];
  const watched = [0, 500, 300, 900].map((intervalMs, at) => ({ peer: at === 2 ? other : peer, intervalMs }));
  using checker = new HealthChecker(watched, new RecordingLog(), async (which, timeoutMs) => {
    looks.push([which, timeoutMs]);
    return true;
  });
  checker.start();
  expect(looks).toEqual([[other, 300]]);
});

test("a peer that is not looked at any more counts as up", () => {
  const peer = peerAt(1);
  peer.healthy = false;
  using checker = new HealthChecker([{ peer, intervalMs: 0 }], new RecordingLog());
  checker.start();
  expect(peer.available).toBe(true);
});

test("a look that ends after disposal changes nothing", async () => {
  const peer = peerAt(1);
  const { promise, resolve } = Promise.withResolvers<true | string>();
  const log = new RecordingLog();
  const checker = new HealthChecker([{ peer, intervalMs: 1 }], log, () => promise);
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
