import { describe, expect, test } from "bun:test";
import { noticesOf, verdictOf } from "../../../src/page/browser/notices.ts";
import type { LiveState } from "../../../src/observe/live.ts";
import { LIVE_NOW, livePeer, liveState, tick } from "../../helpers/live.ts";

const DAY = 24 * 60 * 60_000;

function told(state: Partial<LiveState>): readonly string[] {
  return noticesOf(liveState(state), []).map(({ level, text }) => `${level}: ${text}`);
}

describe("what needs attention", () => {
  test("is nothing where all is up", () => {
    expect(noticesOf(liveState(), [tick({ requests: 100, errors: 4 })])).toEqual([]);
    expect(verdictOf([])).toEqual({ level: "ok", text: "All is up" });
  });

  test("is a peer that is down, and why", () => {
    const peer = livePeer({ name: "127.0.0.1:3000", state: "down", reason: "connection refused" });
    expect(told({ peers: [peer] })).toEqual(["bad: 127.0.0.1:3000 is down: connection refused."]);
  });

  test("is a peer on which requests fail", () => {
    const reason = "requests fail on it, 3 of late; the last: ECONNRESET";
    expect(told({ peers: [livePeer({ name: "a:1", state: "suspect", reason })] })).toEqual([
      "warn: a:1 is suspect: requests fail on it, 3 of late; the last: ECONNRESET. Others are preferred.",
    ]);
  });

  test("is what somebody switched, lest it is forgotten", () => {
    const peers = [livePeer({ name: "a:1", state: "draining", isDraining: true, inFlight: 2 })];
    expect(told({ peers, maintenance: { isOn: true, routes: ["api"] }, isStopping: true })).toEqual([
      "warn: It is stopping: no new connections are taken.",
      "warn: Maintenance is on: every request is answered 503.",
      "warn: Maintenance is on for the route api: it answers 503.",
      "info: a:1 is drained: it gets nothing new, 2 in flight.",
    ]);
  });

  test("is a reload that was refused", () => {
    const last = { at: LIVE_NOW, isReloaded: false, reason: "conf.yaml:3: unknown key" };
    expect(told({ reload: { count: 1, last } })[0]).toMatch(
      /^bad: The reload at [\d:]+ was refused, the configuration before it holds: conf.yaml:3: unknown key$/,
    );
    expect(told({ reload: { count: 1, last: { ...last, isReloaded: true } } })).toEqual([]);
  });

  test("is a worker that does not serve, or that was replaced", () => {
    const worker = { worker: 1, pid: 1, isServing: true, restarts: 0, rssBytes: 1, inFlight: 0 };
    const workers = [worker, { ...worker, worker: 2, restarts: 2 }, { ...worker, worker: 3, isServing: false }];
    expect(told({ workers })).toEqual([
      "bad: Worker 3 does not serve.",
      "warn: Worker 2 ended unasked and was replaced (2 times).",
    ]);
  });

  test.each([
    [-1, "bad: The certificate of a.example is past its end"],
    [0.5, "bad: The certificate of a.example ends in 12 h."],
    [6.5, "bad: The certificate of a.example ends in 6 days."],
    [12, "warn: The certificate of a.example ends in 12 days."],
    [60, undefined],
  ])("is a certificate with %d days left: %p", (days, text) => {
    const certificates = [{ names: ["a.example"], file: "a.pem", notAfter: LIVE_NOW + days * DAY }];
    const [first] = told({ certificates });
    if (text === undefined) expect(first).toBeUndefined();
    else expect(first).toStartWith(text);
  });

  test("is a share of failures in the last minute, but not a few", () => {
    const told = (errors: number): unknown => {
      const old = tick({ at: LIVE_NOW - 61_000, requests: 1_000, errors: 1_000 });
      return noticesOf(liveState(), [old, tick({ requests: 200, errors })]);
    };
    expect(told(4)).toEqual([]);
    expect(told(6)).toEqual([{ level: "warn", text: "3% of the requests of the last minute failed (6 of 200)." }]);
    expect(told(20)).toEqual([{ level: "bad", text: "10% of the requests of the last minute failed (20 of 200)." }]);
  });

  test("is counted by the worst", () => {
    const notice = { text: "" } as const;
    expect(verdictOf([{ ...notice, level: "info" }])).toMatchObject({ level: "ok" });
    expect(verdictOf([{ ...notice, level: "warn" }])).toEqual({ level: "warn", text: "1 warning" });
    expect(
      verdictOf([
        { ...notice, level: "bad" },
        { ...notice, level: "warn" },
      ]),
    ).toEqual({
      level: "bad",
      text: "2 problems",
    });
  });
});
