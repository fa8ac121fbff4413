import { cpus, loadavg, release } from "node:os";
import { type Column, columnsOf, type FigureName } from "./figures.ts";
import type { Measured, Round } from "./rounds.ts";
import type { Scenario } from "./scenarios.ts";
import { pairedRatio, relativeSpread, spreadOf, type Spread } from "./stats.ts";

/** Rounds further apart than this say more about the machine than about the contender. */
const TOO_MUCH_SPREAD = 0.1;
/** A proxy that used less of its core than this was waiting for the load or the origin. */
const BUSY = 0.9;
/** Whom all are compared with. */
export const REFERENCES = ["floor", "caddy", "nginx"] as const;
export type Reference = (typeof REFERENCES)[number];

/** One figure of one contender. */
export interface Cell {
  readonly column: Column;
  readonly spread: Spread;
  /** Median of the ratios round by round; undefined where it is not compared, or the other was not there. */
  readonly ratios: Partial<Readonly<Record<Reference, number>>>;
}

export interface Row {
  readonly contender: string;
  readonly cells: readonly Cell[];
  readonly marks: readonly string[];
}

export function rowsOf(scenario: Scenario, measured: readonly Measured[]): readonly Row[] {
  const columns = columnsOf(scenario.load);
  return measured.map(({ contender, rounds, wrong }) => {
    const cells = columns.map(({ column, isCompared }): Cell => {
      const own = valuesOf(rounds, column.name);
      const ratios: Partial<Record<Reference, number>> = {};
      for (const name of isCompared ? REFERENCES : []) {
        const theirs = valuesOf(measured.find((each) => each.contender === name)?.rounds ?? [], column.name);
        const isComparable = own.length > 0 && theirs.length === own.length && theirs.every((value) => value > 0);
        if (isComparable) ratios[name] = pairedRatio(own, theirs).median;
      }
      return { column, spread: spreadOf(own), ratios };
    });
    return { contender, cells, marks: marksOf(scenario, rounds, [...wrong], cells) };
  });
}

function valuesOf(rounds: readonly Round[], name: FigureName): readonly number[] {
  return rounds.flatMap(({ figures }) => figures[name] ?? []);
}

function marksOf(
  { load }: Scenario,
  rounds: readonly Round[],
  wrong: readonly string[],
  [first]: readonly Cell[],
): readonly string[] {
  const marks = wrong.map((why) => `NOT TIMED: ${why}`);
  const errors = rounds.reduce((sum, round) => sum + round.errors, 0);
  if (errors > 0) marks.push(`${errors} FAILED`);
  if (first !== undefined && rounds.length > 1 && relativeSpread(first.spread) > TOO_MUCH_SPREAD) marks.push("spread");
  const cpu = spreadOf(valuesOf(rounds, "cpu")).median;
  const isFull = load.type === "rate" || load.type === "events" || load.type === "burst";
  if (!isFull && cpu < BUSY) marks.push("its core was not full");
  return marks;
}

export function table(scenario: Scenario, rows: readonly Row[]): string {
  const columns = columnsOf(scenario.load);
  const titles = ["", ...columns.flatMap(({ column, isCompared }) => titlesOf(column, isCompared)), ""];
  const lines = [
    titles,
    ...rows.map(({ contender, cells, marks }) => [
      contender,
      ...cells.flatMap((cell, i) => textsOf(cell, columns[i]?.isCompared === true)),
      marks.join(", "),
    ]),
  ];
  const widths = titles.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const text = lines.map((line) =>
    line
      .map((cell, column) => {
        const isText = column === 0 || column === titles.length - 1;
        return isText ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
      })
      .join("  ")
      .trimEnd(),
  );
  return `\n${scenario.name}: ${scenario.description}\n${text.join("\n")}`;
}

function titlesOf({ title }: Column, isCompared: boolean): readonly string[] {
  return [title, ...(isCompared ? ["min–max", ...REFERENCES.map((name) => `× ${name}`)] : [])];
}

function textsOf({ column, spread, ratios }: Cell, isCompared: boolean): readonly string[] {
  const format = new Intl.NumberFormat("en", { maximumFractionDigits: column.digits });
  const text = (value: number): string => (Number.isFinite(value) ? format.format(value / column.unit) : "");
  const range = Number.isFinite(spread.min) ? `${text(spread.min)}–${text(spread.max)}` : "";
  const compared = [range, ...REFERENCES.map((name) => ratios[name]?.toFixed(2) ?? "")];
  return [text(spread.median), ...(isCompared ? compared : [])];
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
