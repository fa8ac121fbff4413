import { describe, expect, test } from "bun:test";
import {
  HistogramTotal,
  quantileMs,
  SIZE_BOUNDS_BYTES,
  sizeBucket,
  takeHistogram,
  TIME_BOUNDS_MS,
  timeBucket,
  TOLD_BOUNDS_MS,
} from "../../../../src/observe/metrics/histogram.ts";

/** The same numbers each run (mulberry32). */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function countsOf(times: readonly number[]): Uint32Array {
  const counts = new Uint32Array(TIME_BOUNDS_MS.length + 1);
  for (const ms of times) counts[timeBucket(ms)]! += 1;
  return counts;
}

function totalOf(times: readonly number[]): HistogramTotal {
  const counts = countsOf(times);
  const total = new HistogramTotal(TIME_BOUNDS_MS.length);
  const delta = takeHistogram(
    counts,
    times.reduce((sum, ms) => sum + ms, 0),
  );
  if (delta !== undefined) total.add(delta);
  return total;
}

describe("the buckets", () => {
  test("a time is in the bucket whose bound is the first that is not below it", () => {
    for (let bucket = 0; bucket < TIME_BOUNDS_MS.length; bucket++) {
      const bound = TIME_BOUNDS_MS[bucket] ?? 0;
      expect(timeBucket(bound * (1 - 1e-9))).toBe(bucket);
      expect(timeBucket(bound * (1 + 1e-9))).toBe(bucket + 1);
    }
  });

  test("the bounds that Prometheus is told of are bounds, and a time that is one is within it", () => {
    for (const bound of TOLD_BOUNDS_MS) expect(TIME_BOUNDS_MS[timeBucket(bound)]).toBe(bound);
  });

  test("bounds ascend, and are no more than an eighth apart", () => {
    for (let i = 1; i < TIME_BOUNDS_MS.length; i++) {
      const [low = 0, high = 0] = [TIME_BOUNDS_MS[i - 1], TIME_BOUNDS_MS[i]];
      expect(high).toBeGreaterThan(low);
      expect(high / low).toBeLessThanOrEqual(1.126);
    }
  });

  test.each([0, -1, Number.NaN])("%p ms is in the first", (ms) => expect(timeBucket(ms)).toBe(0));

  test.each([100_001, 1e9, Number.POSITIVE_INFINITY])("%p ms is behind the last bound", (ms) =>
    expect(timeBucket(ms)).toBe(TIME_BOUNDS_MS.length),
  );

  test("a size is in the bucket whose bound is the first that is not below it", () => {
    expect(sizeBucket(0)).toBe(0);
    for (const [bucket, bound] of SIZE_BOUNDS_BYTES.entries()) {
      expect(sizeBucket(bound)).toBe(bucket);
      expect(sizeBucket(bound + 1)).toBe(bucket + 1);
    }
    expect(sizeBucket(2 ** 40)).toBe(SIZE_BOUNDS_BYTES.length);
  });
});

describe("quantiles", () => {
  const shapes: Readonly<Record<string, (next: () => number) => number>> = {
    even: (next) => next() * 500,
    "with a long tail": (next) => 0.3 * (1 - next()) ** -1.2,
    "of two kinds": (next) => (next() < 0.9 ? 1 + next() : 900 + next() * 200),
  };

  test.each(Object.keys(shapes))("are within a twelfth of the exact ones: times %s", (shape) => {
    const next = dice(7);
    const times = Array.from({ length: 20_000 }, () => Math.min(99_000, shapes[shape]?.(next) ?? 0));
    const total = totalOf(times);
    const sorted = times.toSorted((a, b) => a - b);
    for (const share of [0.5, 0.75, 0.9, 0.95, 0.99, 0.999]) {
      const exact = sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
      const found = quantileMs(total, share) ?? 0;
      expect(Math.abs(found - exact) / exact).toBeLessThan(1 / 12);
    }
  });

  test("of nothing there is none", () => expect(quantileMs(totalOf([]), 0.5)).toBeNull());

  test("of one time is near it", () => {
    const found = quantileMs(totalOf([40]), 0.99) ?? 0;
    expect(found).toBeGreaterThan(37);
    expect(found).toBeLessThanOrEqual(40);
  });

  test("what is longer than every bound counts as the last", () => {
    expect(quantileMs(totalOf([5e6]), 0.5)).toBe(100_000);
  });
});

describe("taking", () => {
  test("gives what stands in the buckets, and nothing twice", () => {
    const counts = countsOf([3, 3, 70_000]);
    const delta = takeHistogram(counts, 70_006);
    expect(delta?.sum).toBe(70_006);
    expect(delta?.counts).toEqual([timeBucket(3), 2, timeBucket(70_000), 1]);
    expect(takeHistogram(counts, 0)).toBeUndefined();
    expect(takeHistogram(undefined, 0)).toBeUndefined();
  });

  test("what several tell adds up to what one would have", () => {
    const next = dice(3);
    const times = Array.from({ length: 1_000 }, () => next() * 10_000);
    const whole = totalOf(times);
    const parts = new HistogramTotal(TIME_BOUNDS_MS.length);
    for (let i = 0; i < 4; i++) parts.addAll(totalOf(times.filter((_, at) => at % 4 === i)));
    expect(parts.counts).toEqual(whole.counts);
    expect(parts.count).toBe(1_000);
    expect(parts.sum).toBeCloseTo(whole.sum, 3);
  });
});
