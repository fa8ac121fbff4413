/**
 * Upper bounds of the buckets for times, in milliseconds, each within its bucket (Prometheus' `le`): 0.1, then 32 in each
 * power of ten up to 100 s, a tenth to a twentieth apart. What is longer is in one more bucket, which has no bound.
 */
export const TIME_BOUNDS_MS: readonly number[] = timeBounds();

/** Those that Prometheus is told of. */
export const TOLD_BOUNDS_MS: readonly number[] = [
  1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000,
];

/** Upper bounds of the buckets for sizes, in bytes: 256 B, then four times as much each, up to 1 GiB. */
export const SIZE_BOUNDS_BYTES: readonly number[] = Array.from({ length: 12 }, (_, i) => 256 * 4 ** i);

const LEAST_MS = 0.1;
const MOST_MS = 100_000;
const STEPS_PER_DECADE = 32;
const DECADES = 6;

/** 1.1 … 2 in tenths, 2.25 … 5 in quarters, 5.5 … 10 in halves. */
function timeBounds(): readonly number[] {
  const bounds = [LEAST_MS];
  for (let decade = -1; decade < DECADES - 1; decade++) {
    for (let step = 1; step <= STEPS_PER_DECADE; step++) {
      const hundredths = step <= 10 ? 100 + step * 10 : step <= 22 ? 200 + (step - 10) * 25 : 500 + (step - 22) * 50;
      // Whole numbers until the one division, so that a bound is the number that a person writes.
      bounds.push(decade < 0 ? hundredths / 1_000 : (hundredths * 10 ** decade) / 100);
    }
  }
  return bounds;
}

/** The number of a time's bucket. */
export function timeBucket(ms: number): number {
  if (!(ms > LEAST_MS)) return 0;
  if (ms > MOST_MS) return 1 + STEPS_PER_DECADE * DECADES;
  let first = 1;
  let top = 1;
  for (; ms > top; top *= 10) first += STEPS_PER_DECADE;
  const unit = (ms * 10) / top;
  if (unit <= 2) return first + above((unit - 1) * 10);
  if (unit <= 5) return first + 10 + above((unit - 2) * 4);
  return first + 22 + above((unit - 5) * 2);
}

/** How many whole steps lie below: a bound is within its own bucket. */
function above(steps: number): number {
  const whole = Math.ceil(steps) - 1;
  return whole < 0 ? 0 : whole;
}

/** The number of a size's bucket. */
export function sizeBucket(bytes: number): number {
  if (bytes <= 256) return 0;
  // Past this the number of bits says it no more.
  if (bytes > 2 ** 30) return 12;
  return (32 - Math.clz32(bytes - 1) - 7) >> 1;
}

/** What stands in buckets, which are empty then; undefined for nothing. */
export function takeHistogram(counts: Uint32Array | undefined, sum: number): HistogramDelta | undefined {
  if (counts === undefined) return undefined;
  const found: number[] = [];
  for (let bucket = 0; bucket < counts.length; bucket++) {
    const count = counts[bucket];
    if (count !== undefined && count > 0) found.push(bucket, count);
  }
  if (found.length === 0) return undefined;
  counts.fill(0);
  return { counts: found, sum };
}

/** What came to a histogram meanwhile. Plain: workers tell it. */
export interface HistogramDelta {
  /** A bucket's number and its count, in turn. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** All that histograms of several workers were told. */
export class HistogramTotal {
  readonly counts: Float64Array;
  count = 0;
  sum = 0;

  /** @param bounds how many */
  constructor(bounds: number) {
    this.counts = new Float64Array(bounds + 1);
  }

  add({ counts, sum }: HistogramDelta): void {
    for (let i = 0; i < counts.length; i += 2) {
      const bucket = counts[i] ?? 0;
      const count = counts[i + 1] ?? 0;
      this.counts[bucket] = (this.counts[bucket] ?? 0) + count;
      this.count += count;
    }
    this.sum += sum;
  }

  addAll(other: HistogramTotal): void {
    for (let i = 0; i < this.counts.length; i++) this.counts[i] = (this.counts[i] ?? 0) + (other.counts[i] ?? 0);
    this.count += other.count;
    this.sum += other.sum;
  }

  clear(): void {
    if (this.count === 0) return;
    this.counts.fill(0);
    this.count = 0;
    this.sum = 0;
  }
}

/**
 * The time that this share of all was not longer than, between the bounds of its bucket as if these were filled evenly.
 * Null where there was none. What lies behind the last bound counts as that.
 */
export function quantileMs({ counts, count }: HistogramTotal, share: number): number | null {
  if (count === 0) return null;
  const rank = share * count;
  let before = 0;
  for (let bucket = 0; bucket < TIME_BOUNDS_MS.length; bucket++) {
    const here = counts[bucket] ?? 0;
    if (here > 0 && before + here >= rank) {
      const low = bucket === 0 ? 0 : (TIME_BOUNDS_MS[bucket - 1] ?? 0);
      const high = TIME_BOUNDS_MS[bucket] ?? low;
      return low + ((high - low) * Math.max(0, rank - before)) / here;
    }
    before += here;
  }
  return TIME_BOUNDS_MS.at(-1) ?? null;
}
