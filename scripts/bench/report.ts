import { cpus, loadavg, release } from "node:os";
import { pairedRatio, relativeSpread, spreadOf, type Spread } from "./stats.ts";
import type { Scenario } from "./scenarios.ts";

/** Rounds further apart than this say more about the machine than about the contender. */
const TOO_MUCH_SPREAD = 0.1;
/** A proxy that used less of its core than this was waiting for the load or the origin. */
const BUSY = 0.9;

export interface Round {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuSeconds: number;
  readonly requests: number;
  readonly seconds: number;
  readonly errors: number;
}

export interface Measured {
  readonly contender: string;
  readonly version: string;
  /** Empty when its answer was as it should be; otherwise why it was not timed. */
  readonly wrong: readonly string[];
  readonly rounds: readonly Round[];
}

export interface Row {
  readonly contender: string;
  readonly requestsPerSecond: Spread;
  readonly p99Ms: Spread;
  readonly requestsPerCpuSecond: Spread;
  /** Part of one core the contender's processes used. */
  readonly cpu: number;
  /** Median of the ratios of requests per second, round by round. */
  readonly toFloor: number | undefined;
  readonly toCaddy: number | undefined;
  /** The same of requests per CPU second, which hold where other programs take part of the core. */
  readonly cpuToFloor: number | undefined;
  readonly cpuToCaddy: number | undefined;
  readonly marks: readonly string[];
}

type Figure = (round: Round) => number;

const speed: Figure = (round) => round.requestsPerSecond;
const perCpuSecond: Figure = (round) => round.requests / round.cpuSeconds;

export function rowsOf(measured: readonly Measured[]): readonly Row[] {
  const ratio = (rounds: readonly Round[], name: string, figure: Figure): number | undefined => {
    const theirs = measured.find(({ contender }) => contender === name)?.rounds ?? [];
    return theirs.length === 0 ? undefined : pairedRatio(rounds.map(figure), theirs.map(figure)).median;
  };
  return measured.map(({ contender, rounds, wrong }) => {
    const requestsPerSecond = spreadOf(rounds.map(speed));
    const cpu = spreadOf(rounds.map((round) => round.cpuSeconds / round.seconds)).median;
    const errors = rounds.reduce((sum, round) => sum + round.errors, 0);
    const marks = [...wrong.map((why) => `NOT TIMED: ${why}`)];
    if (errors > 0) marks.push(`${errors} FAILED REQUESTS`);
    if (relativeSpread(requestsPerSecond) > TOO_MUCH_SPREAD) marks.push("spread");
    if (contender !== "direct" && cpu < BUSY) marks.push("its core was not full");
    return {
      contender,
      requestsPerSecond,
      p99Ms: spreadOf(rounds.map((round) => round.p99Ms)),
      requestsPerCpuSecond: spreadOf(rounds.map(perCpuSecond)),
      cpu,
      toFloor: ratio(rounds, "floor", speed),
      toCaddy: ratio(rounds, "caddy", speed),
      cpuToFloor: contender === "direct" ? undefined : ratio(rounds, "floor", perCpuSecond),
      cpuToCaddy: contender === "direct" ? undefined : ratio(rounds, "caddy", perCpuSecond),
      marks,
    };
  });
}

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

function cells(row: Row): readonly string[] {
  const timed = Number.isFinite(row.requestsPerSecond.median);
  if (!timed) return [row.contender, ...TITLES.slice(2).map(() => ""), row.marks.join(", ")];
  const { requestsPerSecond, p99Ms: p99 } = row;
  return [
    row.contender,
    whole.format(requestsPerSecond.median),
    `${whole.format(requestsPerSecond.min)}–${whole.format(requestsPerSecond.max)}`,
    p99.median.toFixed(2),
    `${p99.min.toFixed(2)}–${p99.max.toFixed(2)}`,
    row.toFloor?.toFixed(3) ?? "",
    row.toCaddy?.toFixed(2) ?? "",
    row.contender === "direct" ? "" : whole.format(row.requestsPerCpuSecond.median),
    row.cpuToFloor?.toFixed(3) ?? "",
    row.cpuToCaddy?.toFixed(2) ?? "",
    row.marks.join(", "),
  ];
}

const TITLES = [
  "",
  "req/s",
  "min–max",
  "p99 ms",
  "min–max",
  "× floor",
  "× caddy",
  "req/CPU-s",
  "× floor",
  "× caddy",
  "",
];

export function table(scenario: Scenario, rows: readonly Row[]): string {
  const lines = [TITLES, ...rows.map(cells)];
  const widths = TITLES.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const text = lines.map((line) =>
    line
      .map((cell, column) => {
        const isText = column === 0 || column === TITLES.length - 1;
        return isText ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
      })
      .join("  ")
      .trimEnd(),
  );
  return `\n${scenario.name}: ${scenario.description}\n${text.join("\n")}`;
}

/** What the figures were taken on; without it they mean nothing. */
export function machine() {
  const cores = cpus();
  return {
    cpu: cores[0]?.model ?? "unknown",
    cores: cores.length,
    kernel: release(),
    bun: Bun.version,
    loadBefore: loadavg()[0] ?? 0,
  };
}
