import { growthText } from "./memory.ts";
import { COUNT_NAMES, COUNTS } from "./rest.ts";
import type { Soaked } from "./soak.ts";

/** Nothing is open then that would have to be waited for. */
const MOST_STOP_MS = 2_000;

/** What did not hold, in words. Empty is good. */
export function faultsOf(soaked: Soaked): readonly string[] {
  const { accounts, failures, growths, rest, stop, logged } = soaked;
  return [
    ...failures,
    ...accounts.filter(({ failed }) => failed > 0).map(({ kind, failed }) => `${kind}: ${failed} failed`),
    ...accounts.filter(({ done }) => done === 0).map(({ kind }) => `${kind}: not one was done`),
    ...(growths.length > 0 ? [] : ["no process lived through all of it"]),
    ...growths.filter(({ isTooMuch }) => isTooMuch).map((growth) => `more than 10 % was added: ${growthText(growth)}`),
    ...rest.left.map(
      (name) => `not at rest: ${rest.after[name]} ${COUNTS[name]}, ${soaked.before[name]} before the load`,
    ),
    ...(stop.code === 0 ? [] : [`SIGTERM ended it with exit code ${stop.code}`]),
    ...(stop.tookMs < MOST_STOP_MS ? [] : [`with nothing open, SIGTERM took ${stop.tookMs.toFixed(0)} ms`]),
    ...logged.errors.map((words) => `its log says: ${words}`),
  ];
}

/** The whole for people. */
export function reportOf(soaked: Soaked): readonly string[] {
  const faults = faultsOf(soaked);
  const verdict = faults.length === 0 ? ["all of it held"] : faults.map((fault) => `DID NOT HOLD: ${fault}`);
  return ["", ...accountLines(soaked), "", ...mishapLines(soaked), "", ...endLines(soaked), "", ...verdict];
}

function accountLines({ accounts, heldBack, windowsMs, timeMs, excused }: Soaked): readonly string[] {
  const rows = accounts.map(({ kind, done, bytes, excused: inWindows, failed }) => {
    return [kind, String(done), (bytes / 1e6).toFixed(1), String(inWindows), String(failed)];
  });
  const share = ((windowsMs / timeMs) * 100).toFixed(0);
  return [
    ...columns([["", "done", "MB checked", "failed in windows", "failed otherwise"], ...rows]),
    `failures were expected around upstream restarts and worker kills, ${(windowsMs / 1000).toFixed(0)} s of all (${share} %):`,
    ...Object.entries(excused).map(([reason, count]) => `  ${count} x ${reason}`),
    ...(heldBack === 0 ? [] : [`${heldBack} exchanges did not begin: enough of their kind were under way`]),
  ];
}

function mishapLines({ mishaps, logged }: Soaked): readonly string[] {
  return [
    ...mishaps.map(({ name, tookMs }) => {
      return `${name}: ${tookMs.length}, over within ${Math.max(0, ...tookMs).toFixed(0)} ms at most`;
    }),
    ...Object.entries(logged.counts).map(([words, count]) => `its log says ${count} x ${words}`),
  ];
}

function endLines({ growths, rest, before, stop }: Soaked): readonly string[] {
  const counts = COUNT_NAMES.map((name) => [COUNTS[name], String(before[name]), String(rest.after[name])]);
  return [
    ...growths.map(growthText),
    `at rest ${(rest.tookMs / 1000).toFixed(1)} s after the load:`,
    ...columns([["", "before", "after"], ...counts]),
    `SIGTERM ended it within ${stop.tookMs.toFixed(0)} ms, exit code ${stop.code}`,
  ];
}

function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const cell = (text: string, column: number): string => {
    const width = widths[column] ?? 0;
    return column === 0 ? text.padEnd(width) : text.padStart(width);
  };
  return rows.map((row) => `  ${row.map(cell).join("  ")}`);
}
