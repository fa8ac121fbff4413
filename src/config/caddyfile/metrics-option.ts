import { argumentsOf } from "./arguments.ts";
import type { Directive } from "./blocks.ts";
import type { Report } from "./report.ts";

/** What it may say inside: hosts are a label here in any case, and those that are in no route are one. */
const LINES = ["per_host", "observe_catchall_hosts"];

/** Reads `metrics`, of the global options or of `servers`. False where something is wrong with it. */
export function readMetrics(line: Directive, report: Report): boolean {
  if (argumentsOf(line, { form: "metrics [{ per_host }]", least: 0, most: 0, block: true }, report) === undefined) {
    return false;
  }
  for (const inner of line.block ?? []) {
    const { name } = inner;
    if (LINES.includes(name.text)) argumentsOf(inner, { form: name.text, least: 0, most: 0 }, report);
    else report.unknown(name, "line of metrics", LINES);
  }
  return true;
}
