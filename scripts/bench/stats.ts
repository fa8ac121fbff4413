/** The middle of what was measured, and how far it strayed. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const low = sorted[Math.floor(middle)] ?? Number.NaN;
  const high = sorted[Math.ceil(middle)] ?? Number.NaN;
  return { median: (low + high) / 2, min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN };
}

/** How wide the rounds lie, as a part of the median. */
export function relativeSpread({ median, min, max }: Spread): number {
  return (max - min) / median;
}

/**
 * The median of the ratios round by round: what slows a machine down for a while hits both sides of a
 * round, and drops out.
 */
export function pairedRatio(ours: readonly number[], theirs: readonly number[]): Spread {
  return spreadOf(ours.map((value, round) => value / (theirs[round] ?? Number.NaN)));
}
