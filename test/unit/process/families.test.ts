import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { ROOT } from "../../../scripts/compile.ts";
import type { Family } from "../../../src/observe/metrics/exposition.ts";
import { PeerMeter } from "../../../src/observe/metrics/peer-meter.ts";
import { Tally } from "../../../src/observe/metrics/tally.ts";
import { WorkerMeter } from "../../../src/observe/metrics/worker-meter.ts";
import { families } from "../../../src/process/families.ts";
import { PastReloads } from "../../../src/process/past-reloads.ts";
import type { PeerStatus } from "../../../src/upstream/peer-status.ts";
import { count, tellingOf } from "../../helpers/telling.ts";

const PEER: PeerStatus = {
  name: "127.0.0.1:1",
  upstream: "127.0.0.1:1",
  isUp: false,
  down: { reason: "refused", since: 0 },
  isSuspect: false,
  isDraining: false,
  inFlight: 2,
  failures: 0,
  breaker: undefined,
  lastFailure: undefined,
};

/** Of a process in which everything was, and is. */
function all(): readonly Family[] {
  const tally = new Tally(0);
  const meter = new WorkerMeter();
  count(meter, { status: 502, retries: 2 });
  meter.onError("connection_refused");
  const peer = new PeerMeter();
  peer.onHead(3);
  peer.onFailure(true);
  const delta = peer.take(PEER.name);
  const gone = peer.take("192.0.2.1:1");
  const now = { inFlight: 1, webSocketsOpen: 4, rssBytes: 5, openFds: 6 };
  const peers = [delta, gone].filter((each) => each !== undefined);
  tally.add(1, tellingOf(meter, { peers, droppedLines: 7, cpuMs: 1_500, now }), { now: 0, at: 0 });
  const reloads = new PastReloads();
  reloads.note(0, undefined);
  return families({
    tally,
    peers: [PEER],
    workers: [{ worker: 1, pid: undefined, isServing: true, restarts: 8 }],
    reloads,
    certificates: [{ names: ["a.example", "b.example"], file: "site.pem", notAfter: 2_000_000 }],
    build: { version: "1.2.3", bun: "1.4.5" },
    own: { rssBytes: 1, cpuMs: 2, openFds: 3, maxFds: 4, startedAt: 5_000 },
  });
}

function samples(name: string): Family["samples"] {
  return all().find((family) => family.name === name)?.samples ?? [];
}

describe("the families", () => {
  test("each has a name of its own, a help that is a sentence, and something to tell", () => {
    const names = all().map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, help, samples: own } of all()) {
      expect(name).toMatch(/^(?:gatekeeper|process)_[a-z_]+$/);
      expect(name).not.toMatch(/_(?:total|info|count|sum|bucket)$/);
      expect(help).toMatch(/^[A-Z].*\.$/);
      expect(own.length).toBeGreaterThan(0);
    }
  });

  test("stand in the README, each with its labels, and no others", async () => {
    const readme = await Bun.file(join(ROOT, "README.md")).text();
    const table = /\n\| metric[^\n]*\n([^]*?)\n\n/.exec(readme)?.[1] ?? "";
    const listed = [...table.matchAll(/^\| `([a-z_]+)(?:\{([a-z, ]+)\})?`/gm)].map(
      ([, name, labels]) => `${name} ${labels ?? ""}`,
    );
    const suffix = { counter: "_total", info: "_info", gauge: "", histogram: "" };
    const told = all().map(({ name, type, samples: [first] }) => {
      return `${name}${suffix[type]} ${Object.keys(first?.labels ?? {}).join(", ")}`;
    });
    expect(listed.toSorted()).toEqual(told.toSorted());
  });

  test("tell what is so", () => {
    expect(samples("gatekeeper_upstream_healthy")).toEqual([{ labels: { upstream: "127.0.0.1:1" }, value: 0 }]);
    expect(samples("gatekeeper_upstream_requests")).toEqual([{ labels: { upstream: "127.0.0.1:1" }, value: 2 }]);
    expect(samples("gatekeeper_upstream_retries")).toContainEqual({ labels: { route: "/" }, value: 2 });
    expect(samples("gatekeeper_errors")).toEqual([{ labels: { reason: "connection_refused" }, value: 1 }]);
    expect(samples("gatekeeper_websockets_open")).toEqual([{ labels: {}, value: 4 }]);
    expect(samples("gatekeeper_worker_cpu_seconds")).toEqual([{ labels: { worker: "1" }, value: 1.5 }]);
    expect(samples("gatekeeper_worker_restarts")).toEqual([{ labels: { worker: "1" }, value: 8 }]);
    expect(samples("gatekeeper_access_log_dropped_lines")).toEqual([{ labels: {}, value: 7 }]);
    expect(samples("gatekeeper_certificate_expiry_timestamp_seconds")).toEqual([
      { labels: { file: "site.pem", name: "a.example" }, value: 2_000 },
    ]);
  });
});
