import { describe, expect, test } from "bun:test";
import { Exchanges } from "../../../../src/observe/metrics/exchanges.ts";
import { Recollection } from "../../../../src/observe/metrics/recollection.ts";
import { exchange } from "../../../helpers/telling.ts";

const NOBODY = { watched: [], most: 0, slowerThanMs: 0 };

/** Ends a request, as a gateway does. Whether it was made in full. */
function end(exchanges: Exchanges, tookMs: number, isFailed = false): boolean {
  const isWanted = exchanges.isWatched && exchanges.isWanted({ status: isFailed ? 502 : 200, route: "/", tookMs });
  const wants = isWanted || exchanges.wants(tookMs, isFailed);
  if (wants) exchanges.keep(exchange(tookMs), tookMs, isFailed);
  return wants;
}

describe("the exchanges of a worker", () => {
  test("while nobody watches, none but the slowest are made in full", () => {
    const exchanges = new Exchanges();
    exchanges.take({ ...NOBODY, slowerThanMs: 100 });
    let made = 0;
    for (let i = 0; i < 10_000; i++) if (end(exchanges, i % 100)) made++;
    expect(made).toBe(0);
    expect(end(exchanges, 101)).toBe(true);
    expect(exchanges.take(NOBODY)).toMatchObject({ watched: [], failed: [] });
  });

  test("in a second of ever the same times few are made", () => {
    const exchanges = new Exchanges();
    let made = 0;
    for (let i = 0; i < 50_000; i++) if (end(exchanges, 10 + (i % 7) / 10)) made++;
    expect(made).toBeLessThan(100);
    const { slowest } = exchanges.take(NOBODY);
    expect(slowest).toHaveLength(20);
    expect(slowest.every(({ durationMs }) => durationMs === 10.6)).toBe(true);
  });

  test("of a storm of failures fifty are made", () => {
    const exchanges = new Exchanges();
    exchanges.take({ ...NOBODY, slowerThanMs: 1_000 });
    for (let i = 0; i < 10_000; i++) end(exchanges, 1, true);
    expect(exchanges.take(NOBODY).failed).toHaveLength(50);
    expect(exchanges.take(NOBODY).failed).toEqual([]);
  });

  test("while somebody watches, so many as are wanted are told, and the rest is counted", () => {
    const exchanges = new Exchanges();
    exchanges.take({ watched: [{}], most: 3, slowerThanMs: 1_000 });
    for (let i = 0; i < 10; i++) end(exchanges, 1);
    const { watched } = exchanges.take(NOBODY);
    expect(watched).toMatchObject([{ untold: 7 }]);
    expect(watched[0]?.exchanges).toHaveLength(3);
    for (let i = 0; i < 10; i++) end(exchanges, 1);
    expect(exchanges.take(NOBODY).watched).toEqual([]);
  });

  test("those that one watches for are not lost among those that another one does", () => {
    const exchanges = new Exchanges();
    exchanges.take({ watched: [{}, { statuses: [[500, 599]] }], most: 3, slowerThanMs: 1_000 });
    for (let i = 0; i < 10; i++) end(exchanges, 1);
    for (let i = 0; i < 2; i++) end(exchanges, i, true);
    const { watched } = exchanges.take(NOBODY);
    expect(watched.map(({ untold }) => untold)).toEqual([9, 0]);
    expect(watched[1]?.exchanges.map(({ durationMs }) => durationMs)).toEqual([0, 1]);
  });

  test("what stays open as its ends like is not slow", () => {
    const exchanges = new Exchanges();
    expect(end(exchanges, Number.NaN)).toBe(false);
    expect(end(exchanges, Number.NaN, true)).toBe(true);
    const { slowest, failed } = exchanges.take(NOBODY);
    expect(slowest).toEqual([]);
    expect(failed).toHaveLength(1);
  });
});

describe("the exchanges of late", () => {
  const MINUTE = 60_000;
  const told = (slowest: readonly number[]) => ({
    watched: [],
    failed: [],
    slowest: slowest.map((ms) => exchange(ms)),
  });

  test("are the slowest of fifteen minutes, also when one minute had nothing but slow ones", () => {
    const recollection = new Recollection();
    recollection.add(told(Array.from({ length: 20 }, (_, i) => 5_000 + i)), 0);
    for (let minute = 1; minute < 15; minute++) recollection.add(told([minute, minute * 2]), minute * MINUTE);
    expect(recollection.slowest(14 * MINUTE).map(({ durationMs }) => durationMs)).toHaveLength(20);
    expect(recollection.slowest(14 * MINUTE).at(-1)?.durationMs).toBe(5_000);
    // The first minute is forgotten: the next ones were kept beside it.
    expect(recollection.slowest(15 * MINUTE)[0]?.durationMs).toBe(28);
  });

  test("a worker is told to keep what is slower than the twentieth of this minute", () => {
    const recollection = new Recollection();
    expect(recollection.slowerThanMs(0)).toBe(0);
    recollection.add(told(Array.from({ length: 30 }, (_, i) => i)), 0);
    expect(recollection.slowerThanMs(1_000)).toBe(10);
    expect(recollection.slowerThanMs(MINUTE)).toBe(0);
  });

  test("failures are told the latest first, fifty at most", () => {
    const recollection = new Recollection();
    for (let i = 0; i < 60; i += 2) {
      const failed = [exchange(1, { at: i }), exchange(1, { at: i + 1 })];
      recollection.add({ watched: [], slowest: [], failed }, i);
    }
    expect(recollection.failed).toHaveLength(50);
    expect(recollection.failed.slice(0, 3).map(({ at }) => at)).toEqual([59, 58, 57]);
  });
});
