/** Turns values into heights, 0 at the bottom and 1 at the top, and says where the lines of the axis stand. */
export interface Scale {
  readonly height: (value: number) => number;
  readonly lines: readonly number[];
}

/** From 0 to the next round value above the greatest. */
export function linearScale(values: readonly number[], leastTop: number): Scale {
  const top = roundedUp(Math.max(leastTop, ...values));
  return { height: (value) => Math.min(1, Math.max(0, value / top)), lines: [0, top / 2, top] };
}

/** Whole decades about all values: a slow percentile does not press the others to the ground. */
export function logScale(values: readonly number[], least: number): Scale {
  const seen = values.map((value) => Math.max(least, value));
  const low = Math.floor(Math.log10(seen.length === 0 ? least : Math.min(...seen)) + 1e-9);
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(least, ...seen)) - 1e-9));
  const lines = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
  return {
    height: (value) => Math.min(1, Math.max(0, (Math.log10(Math.max(value, 1e-9)) - low) / (high - low))),
    lines,
  };
}

/** The next value that is round, and whose half is. */
export function roundedUp(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 3, 4, 5, 6, 8, 10].find((each) => value <= each * power * (1 + 1e-9)) ?? 10;
  return step * power;
}
