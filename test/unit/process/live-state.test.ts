import { describe, expect, test } from "bun:test";
import { Tally } from "../../../src/observe/metrics/tally.ts";
import { WorkerMeter } from "../../../src/observe/metrics/worker-meter.ts";
import { NOTHING_CONTROLLED } from "../../../src/process/controls.ts";
import { liveState, type StateFacts } from "../../../src/process/live-state.ts";
import { PastReloads } from "../../../src/process/past-reloads.ts";
import type { PeerStatus } from "../../../src/upstream/peer-status.ts";
import { configWith } from "../../helpers/proxy.ts";
import { count, tellingOf } from "../../helpers/telling.ts";

function peer(more: Partial<PeerStatus>): PeerStatus {
  return {
    name: "127.0.0.1:1",
    upstream: "127.0.0.1:1",
    isUp: true,
    down: undefined,
    isSuspect: false,
    isDraining: false,
    inFlight: 0,
    failures: 0,
    breaker: undefined,
    lastFailure: undefined,
    ...more,
  };
}

function stateOf(more: Partial<StateFacts>) {
  const tally = new Tally(0);
  return liveState({
    at: 0,
    now: 0,
    process: { version: "1", pid: 7, startedAt: 0, urls: [], isStopping: false },
    mayWrite: false,
    config: configWith({ upstreams: [] }),
    tally,
    controls: NOTHING_CONTROLLED,
    reloads: new PastReloads(),
    peers: [],
    webSockets: [],
    workers: [],
    certificates: [],
    ...more,
  });
}

describe("a peer", () => {
  const failure = { kind: "connection_refused", detail: "nobody listens", at: 5 };

  test.each([
    ["up", {}, undefined],
    ["down", { isUp: false, isDraining: true, down: { reason: "no answer", since: 3 } }, "no answer"],
    ["draining", { isDraining: true, isSuspect: true }, "taken out by hand: it gets no new requests"],
    [
      "suspect",
      { isSuspect: true, failures: 2, lastFailure: failure },
      "requests fail on it, 2 of late; the last: nobody listens",
    ],
    ["suspect", { isSuspect: true, breaker: "open" }, "its breaker is open"],
  ] as const)("is %s, and why", (state, status, reason) => {
    const [told] = stateOf({ peers: [peer(status)] }).peers;
    expect(told?.state).toBe(state);
    expect(told?.reason).toBe(reason);
    expect(told?.isDraining).toBe("isDraining" in status);
  });

  test("is down since its check says so", () => {
    const status = peer({ isUp: false, down: { reason: "no answer", since: 3 } });
    expect(stateOf({ peers: [status] }).peers[0]?.since).toBe(3);
  });
});

describe("routes", () => {
  const config = configWith({
    upstreams: [],
    routes: ["a", "b", "c"].map((name) => ({ name, match: [], handlers: [], terminal: false })),
  });

  test("are those that are configured, the busiest first, and what no route took", () => {
    const tally = new Tally(0);
    const meter = new WorkerMeter();
    for (const route of ["c", "c", "b", "gone", "_none", "_none", "_none"]) count(meter, { route });
    tally.add(1, tellingOf(meter), { now: 0, at: 0 });
    const { routes } = stateOf({ config, tally });
    expect(routes.map(({ key, requests }) => `${key} ${requests}`)).toEqual(["_none 3", "c 2", "b 1", "a 0"]);
  });

  test("are two hundred at most", () => {
    const many = Array.from({ length: 300 }, (_, i) => ({ name: `r${i}`, match: [], handlers: [], terminal: false }));
    const tally = new Tally(0);
    const meter = new WorkerMeter();
    count(meter, { route: "r299" });
    tally.add(1, tellingOf(meter), { now: 0, at: 0 });
    const { routes } = stateOf({ config: configWith({ upstreams: [], routes: many }), tally });
    expect(routes).toHaveLength(200);
    expect(routes.slice(0, 2).map(({ key }) => key)).toEqual(["r299", "r0"]);
  });

  test("what no route took is not there while there is none", () => {
    expect(stateOf({ config }).routes.map(({ key }) => key)).toEqual(["a", "b", "c"]);
  });
});

test("a worker that has told nothing yet has no memory, and the one in this process has its id", () => {
  const workers = [{ worker: 1, pid: undefined, isServing: true, restarts: 0 }];
  expect(stateOf({ workers }).workers).toEqual([
    { worker: 1, pid: 7, isServing: true, restarts: 0, rssBytes: undefined, inFlight: 0 },
  ]);
});
