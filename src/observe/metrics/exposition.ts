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
  const lines = families.flatMap((family) => (family.samples.length === 0 ? [] : familyLines(family, format)));
  if (format === "openmetrics") lines.push("# EOF");
  return `${lines.join("\n")}\n`;
}

const SUFFIX = { counter: "_total", info: "_info", gauge: "", histogram: "" } as const;
const UNIT = /_(seconds|bytes)$/;

function familyLines(family: Family, format: MetricsFormat): string[] {
  const { name, help, type } = family;
  const isOpen = format === "openmetrics";
  const sampleName = name + SUFFIX[type];
  // Prometheus' own format calls a counter by its sample's name, and knows no info.
  const familyName = isOpen ? name : sampleName;
  const lines = [`# HELP ${familyName} ${escapeHelp(help, isOpen)}`];
  lines.push(`# TYPE ${familyName} ${type === "info" && !isOpen ? "gauge" : type}`);
  const unit = UNIT.exec(name)?.[1];
  if (isOpen && unit !== undefined) lines.push(`# UNIT ${name} ${unit}`);
  if (family.type === "histogram") {
    const buckets = family.unit === "seconds" ? TIMES : SIZES;
    for (const { labels, of } of family.samples) lines.push(...histogramLines(name, labels, of, buckets, isOpen));
  } else
    for (const { labels, value } of family.samples) lines.push(`${sampleName}${labelText(labels)} ${number(value)}`);
  return lines;
}

/** What is told of an array of fine buckets. */
interface ToldBuckets {
  /** `le` of each, and the last of the fine buckets that are within it. */
  readonly told: readonly { readonly bound: number; readonly last: number }[];
  /** What the sum is divided by. */
  readonly per: number;
}

const TIMES: ToldBuckets = {
  told: TOLD_BOUNDS_MS.map((ms) => ({ bound: ms / 1_000, last: TIME_BOUNDS_MS.indexOf(ms) })),
  per: 1_000,
};
const SIZES: ToldBuckets = { told: SIZE_BOUNDS_BYTES.map((bound, last) => ({ bound, last })), per: 1 };

function histogramLines(
  name: string,
  labels: Labels,
  { counts, count, sum }: HistogramTotal,
  { told, per }: ToldBuckets,
  isOpen: boolean,
): string[] {
  const lines: string[] = [];
  let within = 0;
  let next = 0;
  for (const { bound, last } of told) {
    for (; next <= last; next++) within += counts[next] ?? 0;
    lines.push(`${name}_bucket${labelText({ ...labels, le: boundText(bound, isOpen) })} ${number(within)}`);
  }
  lines.push(`${name}_bucket${labelText({ ...labels, le: "+Inf" })} ${number(count)}`);
  lines.push(
    `${name}_sum${labelText(labels)} ${number(sum / per)}`,
    `${name}_count${labelText(labels)} ${number(count)}`,
  );
  return lines;
}

/** OpenMetrics wants a bound to look like a number with a fraction. */
function boundText(bound: number, isOpen: boolean): string {
  return isOpen && Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

function labelText(labels: Labels): string {
  const entries = Object.entries(labels);
  if (entries.length === 0) return "";
  return `{${entries.map(([name, value]) => `${name}="${escapeLabel(value)}"`).join(",")}}`;
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
