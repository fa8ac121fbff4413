import { argumentOf } from "./arguments.ts";
import type { Directive } from "./blocks.ts";
import type { Report } from "./report.ts";
import type { Token } from "./token.ts";

/** What the block of a `log` says, of a site or of the global options. */
export interface LogBlock {
  readonly output: { readonly at: Token; readonly path: Token | undefined } | undefined;
  readonly format: Token | undefined;
  readonly level: Token | undefined;
}

const OUTPUTS = ["stdout", "stderr", "discard", "file"];
const FORMATS = ["json", "console"];

/** Reads the lines of a `log`. */
export function readLogBlock(lines: readonly Directive[], report: Report): LogBlock {
  let output: LogBlock["output"];
  let format: Token | undefined;
  let level: Token | undefined;
  for (const line of lines) {
    const { name } = line;
    if (name.text === "output") output = readOutput(line, report);
    else if (name.text === "format") format = readFormat(line, report);
    else if (name.text === "level") level = argumentOf(line, "level LEVEL", report);
    else if (/^(?:hostnames|no_hostname|sampling|include|exclude|core)$/.test(name.text)) {
      report.error(name, `${name.text} is Caddy's, and not taken here`, { expected: "output, format and level" });
    } else report.unknown(name, "line of log", ["output", "format", "level"]);
  }
  return { output, format, level };
}

function readOutput({ name, args, block }: Directive, report: Report): LogBlock["output"] {
  const [at, path, extra] = args;
  const expected = "output stdout, stderr, discard, or file PATH";
  if (at === undefined) return report.error(name, "output lacks where it goes", { expected });
  if (at.text === "net") {
    return report.error(at, "a log over the network is Caddy's, and not written here", { expected });
  }
  if (!OUTPUTS.includes(at.text)) return report.unknown(at, "output", OUTPUTS);
  if (at.text !== "file") {
    if (path === undefined && block === undefined) return { at, path: undefined };
    return report.error(path ?? at, `${at.text} has nothing behind it`, { expected });
  }
  if (path === undefined || extra !== undefined) return report.error(extra ?? at, "file has one path", { expected });
  let isRolled = true;
  for (const line of block ?? []) {
    if (line.name.text === "roll_disabled" && line.args.length === 0) isRolled = false;
    else if (/^(?:roll_\w+|mode|dir_mode)$/.test(line.name.text)) {
      const help = "roll_disabled here, and logrotate beside it";
      report.error(line.name, `${line.name.text} is Caddy's: files of the log are not rolled here`, { help });
    } else report.unknown(line.name, "line of file", ["roll_disabled"]);
  }
  if (isRolled && block === undefined) {
    const help = "logrotate rolls it; file PATH { roll_disabled } says that this is meant";
    report.warning(path, "Caddy rolls this file at 100 MiB, here it grows", { help });
  }
  return { at, path };
}

function readFormat({ name, args, block }: Directive, report: Report): Token | undefined {
  const [format, extra] = args;
  const expected = "format json, or format console";
  if (format === undefined || extra !== undefined) {
    return report.error(extra ?? name, "format has one word", { expected });
  }
  if (/^(?:filter|append|formatted|single_field|transform)$/.test(format.text)) {
    return report.error(format, `the format ${format.text} is Caddy's, and not written here`, { expected });
  }
  if (!FORMATS.includes(format.text)) return report.unknown(format, "format", FORMATS);
  const [option] = block ?? [];
  if (option === undefined) return format;
  return report.error(option.name, "the fields of the log cannot be changed here", { expected });
}
