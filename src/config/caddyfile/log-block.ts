import { argumentOf } from "./arguments.ts";
import type { Directive } from "./blocks.ts";
import { type LogOutput, readLogOutput } from "./log-output.ts";
import type { Report } from "./report.ts";
import type { Token } from "./token.ts";

/** What the block of a `log` says, of a site or of the global options. */
export interface LogBlock {
  readonly output: LogOutput | undefined;
  readonly format: Token | undefined;
  readonly level: Token | undefined;
}

/** Caddy has the first two; the others are what its users have a plugin for. */
const FORMATS = ["json", "console", "combined", "common"];

/** Reads the lines of a `log`. */
export function readLogBlock(lines: readonly Directive[], report: Report): LogBlock {
  let output: LogOutput | undefined;
  let format: Token | undefined;
  let level: Token | undefined;
  for (const line of lines) {
    const { name } = line;
    if (name.text === "output") output = readLogOutput(line, report);
    else if (name.text === "format") format = readFormat(line, report);
    else if (name.text === "level") level = argumentOf(line, "level LEVEL", report);
    else if (/^(?:hostnames|no_hostname|sampling|include|exclude|core)$/.test(name.text)) {
      report.error(name, `${name.text} is Caddy's, and not taken here`, { expected: "output, format and level" });
    } else report.unknown(name, "line of log", ["output", "format", "level"]);
  }
  return { output, format, level };
}

function readFormat({ name, args, block }: Directive, report: Report): Token | undefined {
  const [format, extra] = args;
  const expected = "format json, console, combined or common";
  if (format === undefined || extra !== undefined) {
    return report.error(extra ?? name, "format has one word", { expected });
  }
  if (/^(?:filter|append|formatted|single_field|transform)$/.test(format.text)) {
    const help =
      format.text === "filter"
        ? "redact_headers, redact_query and omit of access_log in YAML leave things out"
        : undefined;
    const what = `the format ${format.text} is Caddy's, and not written here`;
    return report.error(format, what, { expected, ...(help !== undefined && { help }) });
  }
  if (!FORMATS.includes(format.text)) return report.unknown(format, "format", FORMATS);
  const [option] = block ?? [];
  if (option === undefined) return format;
  return report.error(option.name, "the fields of the log cannot be changed here", { expected });
}
