import { describe, expect, test } from "bun:test";
import { mergedTicks, pointOf, POINTS, pointsOf, recentOf, WINDOW_MS } from "../../../src/page/browser/ticks.ts";
import { LIVE_NOW, tick } from "../../helpers/live.ts";

const SECOND = 1_000;
/** A point of five seconds ends here. */
const END = LIVE_NOW;
const ago = (seconds: number): number => END - seconds * SECOND;

describe("ticks", () => {
  test("come one after the other, each second once, and are forgotten after fifteen minutes", () => {
    const known = [tick({ at: ago(2), requests: 1 }), tick({ at: ago(1), requests: 2 })];
    const next = mergedTicks(known, [tick({ at: ago(0), requests: 3 })]);
    expect(next.map(({ requests }) => requests)).toEqual([1, 2, 3]);
    const again = mergedTicks(next, [tick({ at: ago(1), requests: 20 })]);
    expect(again.map(({ requests }) => requests)).toEqual([1, 20, 3]);
    const later = mergedTicks(next, [tick({ at: ago(1) + WINDOW_MS })]);
    expect(later.map(({ at }) => at)).toEqual([ago(0), ago(1) + WINDOW_MS]);
  });

  test("of a history are put among those from before", () => {
    const before = [tick({ at: ago(100) }), tick({ at: ago(99) })];
    const history = [tick({ at: ago(3) }), tick({ at: ago(2) })];
    expect(mergedTicks(before, history).map(({ at }) => at)).toEqual([ago(100), ago(99), ago(3), ago(2)]);
    expect(mergedTicks(before, [])).toEqual(before);
  });
});

describe("points", () => {
  test("are as many as the window has, the newest last", () => {
    const points = pointsOf([tick({ at: ago(0), requests: 10 })], ago(4));
    expect(points).toHaveLength(POINTS);
    expect(points.at(-1)).toMatchObject({ at: END, requests: 10, requestsPerSecond: 2.5 });
    expect(pointsOf([], 0).every((point) => point === undefined)).toBe(true);
  });

  test("are gaps before the process was there, and idle where it told nothing", () => {
    const points = pointsOf([tick({ at: ago(20), requests: 5 }), tick({ at: ago(0), requests: 5 })], ago(10));
    const rates = points.slice(-6).map((point) => point?.requestsPerSecond);
    // Of the second before it began, which was told by another process, only that second is known.
    expect(rates).toEqual([undefined, 5, undefined, undefined, 0, 1]);
    expect(points.at(-2)?.p50Ms).toBeNull();
  });

  test("that have only begun are what was so far", () => {
    const ticks = [tick({ at: END + SECOND, requests: 8 }), tick({ at: END + 2 * SECOND, requests: 4 })];
    expect(pointsOf(ticks, ago(60)).at(-1)).toMatchObject({ at: END + 5 * SECOND, requestsPerSecond: 6 });
  });

  test("weigh latencies by requests, and have none where there was none", () => {
    const ticks = [
      tick({ requests: 30, p50Ms: 10, p99Ms: 100 }),
      tick({ requests: 10, p50Ms: 50, p99Ms: 500 }),
      tick({ requests: 0 }),
    ];
    expect(pointOf(ticks, { at: END, seconds: 5 })).toMatchObject({ p50Ms: 20, p90Ms: null, p99Ms: 200 });
  });

  test("now is the last five seconds", () => {
    const ticks = [9, 4, 3, 2, 1, 0].map((seconds) => tick({ at: ago(seconds), requests: seconds + 1, errors: 1 }));
    expect(recentOf(ticks)).toMatchObject({ requestsPerSecond: 3, errors: 5 });
    expect(recentOf([])).toBeUndefined();
  });
});
