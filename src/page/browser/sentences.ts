import { minute } from "./format.ts";
import { sum } from "./ticks.ts";

/** What a plot shows, as a sentence. */
export function plotSentence(values: readonly PlotValue[], write: (value: number) => string): string {
  const known = values.filter(({ value }) => value !== null) as readonly { at: number; value: number }[];
  const last = known.at(-1);
  if (last === undefined) return "Nothing in the last 15 minutes.";
  const most = known.reduce((best, each) => (each.value > best.value ? each : best));
  if (most.value === 0) return "None in the last 15 minutes.";
  const mean = sum(known, ({ value }) => value) / known.length;
  return `Mean ${write(mean)}, most ${write(most.value)} at ${minute(most.at)}.`;
}

export interface PlotValue {
  readonly at: number;
  readonly value: number | null;
}
