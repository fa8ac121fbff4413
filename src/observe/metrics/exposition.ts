import { type HistogramTotal, SIZE_BOUNDS_BYTES, TIME_BOUNDS_MS, TOLD_BOUNDS_MS } from "./histogram.ts";

/** Prometheus' text format 0.0.4, or OpenMetrics 1.0. */
export type MetricsFormat = "prometheus" | "openmetrics";

export type Labels = Readonly<Record<string, string>>;

/** One number, of a counter or a gauge. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

export interface HistogramSample {
  readonly labels: Labels;
  readonly of: HistogramTotal;
}

/** One metric with all that it has labels for. */
export type Family = {
  /** Of a counter without `_total`, of an info without `_info`. */
  readonly name: string;
  readonly help: string;
} & (
  | { readonly type: "counter" | "gauge" | "info"; readonly samples: readonly Sample[] }
  /** Counted in milliseconds and told in seconds, or in bytes. */
  | { readonly type: "histogram"; readonly unit: "seconds" | "bytes"; readonly samples: readonly HistogramSample[] }
);

/** Families without samples are left out. */
export function exposition(families: readonly Family[], format: MetricsFormat): string {
  // One text that grows: with thousands of routes an array of its lines takes longer to make than all else.
  let text = "";
  for (const family of families) if (family.samples.length > 0) text += familyText(family, format);
  return format === "openmetrics" ? `${text}# EOF\n` : text;
}

const SUFFIX = { counter: "_total", info: "_info", gauge: "", histogram: "" } as const;
const UNIT = /_(seconds|bytes)$/;

function familyText(family: Family, format: MetricsFormat): string {
  const { name, help, type } = family;
  const isOpen = format === "openmetrics";
  const sampleName = name + SUFFIX[type];
  // Prometheus' own format calls a counter by its sample's name, and knows no info.
  const familyName = isOpen ? name : sampleName;
  let text = `# HELP ${familyName} ${escapeHelp(help, isOpen)}\n`;
  text += `# TYPE ${familyName} ${type === "info" && !isOpen ? "gauge" : type}\n`;
  const unit = UNIT.exec(name)?.[1];
  if (isOpen && unit !== undefined) text += `# UNIT ${name} ${unit}\n`;
  if (family.type === "histogram") {
    const buckets = (family.unit === "seconds" ? TIMES : SIZES)[format];
    for (const sample of family.samples) text += histogramText(name, sample, buckets);
  } else for (const { labels, value } of family.samples) text += `${sampleName}${labelText(labels)} ${number(value)}\n`;
  return text;
}

/** What is told of an array of fine buckets. */
interface ToldBuckets {
  /** The text of each bound's label, and the last of the fine buckets that are within it. */
  readonly told: readonly { readonly label: string; readonly last: number }[];
  /** What the sum is divided by. */
  readonly per: number;
}

const TIMES = inBoth(
  TOLD_BOUNDS_MS.map((ms) => ({ bound: ms / 1_000, last: TIME_BOUNDS_MS.indexOf(ms) })),
  1_000,
);
const SIZES = inBoth(
  SIZE_BOUNDS_BYTES.map((bound, last) => ({ bound, last })),
  1,
);

function inBoth(
  told: readonly { readonly bound: number; readonly last: number }[],
  per: number,
): Readonly<Record<MetricsFormat, ToldBuckets>> {
  const of = (isOpen: boolean): ToldBuckets => ({
    told: told.map(({ bound, last }) => ({ label: `le="${boundText(bound, isOpen)}"}`, last })),
    per,
  });
  return { prometheus: of(false), openmetrics: of(true) };
}

function histogramText(name: string, { labels, of }: HistogramSample, { told, per }: ToldBuckets): string {
  const { counts, count, sum } = of;
  const own = labelText(labels);
  const start = `${name}_bucket${own === "" ? "{" : `${own.slice(0, -1)},`}`;
  let text = "";
  let within = 0;
  let next = 0;
  for (const { label, last } of told) {
    for (; next <= last; next++) within += counts[next] ?? 0;
    text += `${start}${label} ${within}\n`;
  }
  text += `${start}le="+Inf"} ${count}\n`;
  return `${text}${name}_sum${own} ${number(sum / per)}\n${name}_count${own} ${count}\n`;
}

/** OpenMetrics wants a bound to look like a number with a fraction. */
function boundText(bound: number, isOpen: boolean): string {
  return isOpen && Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

function labelText(labels: Labels): string {
  let text = "";
  for (const name in labels) text += `${text === "" ? "{" : ","}${name}="${escapeLabel(labels[name] ?? "")}"`;
  return text === "" ? "" : `${text}}`;
}

function escapeLabel(value: string): string {
  return value.replace(/[\\"\n]/g, (char) => (char === "\n" ? "\\n" : `\\${char}`));
}

function escapeHelp(text: string, isOpen: boolean): string {
  const escaped = text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return isOpen ? escaped.replaceAll('"', '\\"') : escaped;
}

function number(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return String(value);
}
