import type { DocEntry, DocNode } from "../../document.ts";
import type { Directive } from "../blocks.ts";
import { argumentsOf } from "../arguments.ts";
import { readLogBlock } from "../log-block.ts";
import type { LogOutput } from "../log-output.ts";
import { entry, mapNode, textNode, wordNode } from "../nodes.ts";
import type { Report } from "../report.ts";
import type { DirectiveReader } from "../scope.ts";
import type { Token } from "../token.ts";

/** How a log without a format of its own is written: as the global options say, else JSON. */
export interface LogDefaults {
  readonly format: Token | undefined;
  /** The level of the process's own log, to which Caddy's log of requests goes by default. */
  readonly level: Token | undefined;
  /** `log_credentials` of all servers. */
  readonly credentials: Token | undefined;
}

/** `log` of a site: its requests are logged. Caddy's default is standard error. */
export function readLog(line: Directive, defaults: LogDefaults, report: Report): DocEntry | undefined {
  const { name, args, block } = line;
  const [extra] = args;
  if (extra !== undefined) {
    return report.error(extra, "a name of a log is Caddy's, and not taken here", { expected: "log, or log { ... }" });
  }
  const { output, format, level } = readLogBlock(block ?? [], report);
  if (level !== undefined && !/^(?:info|debug)$/i.test(level.text)) {
    const help = "a log of requests holds all of them here";
    return report.error(level, "only the level INFO is taken for the log of requests", { expected: "INFO", help });
  }
  if (
    output === undefined &&
    defaults.level !== undefined &&
    /^(?:warn|error|panic|fatal)$/i.test(defaults.level.text)
  ) {
    const help = "log { output stderr } says that all of them are meant";
    const message = `every request is logged; Caddy's level ${defaults.level.text} would leave out those that went well`;
    report.warning(name, message, { help });
  }
  return entry("access_log", name, logNode(name, output, { ...defaults, format: format ?? defaults.format }));
}

/** `log_skip`, with `skip_log` its older name: what it is for is not logged. */
export const readLogSkip: DirectiveReader = (line, { report }) => {
  const form = `${line.name.text} [MATCHER]`;
  if (argumentsOf(line, { form, least: 0, most: 0 }, report) === undefined) return undefined;
  return [entry("access_log", line.name, wordNode(line.name, "off"))];
};

function logNode(name: Token, output: LogOutput | undefined, { format, credentials }: LogDefaults): DocNode {
  const target =
    output === undefined
      ? wordNode(name, "stderr")
      : output.path === undefined
        ? wordNode(output.at, output.at.text === "discard" ? "off" : output.at.text)
        : textNode(output.path);
  const keys = [
    ...(format === undefined || format.text === "json" ? [] : [entry("format", format, wordNode(format))]),
    ...(output?.rolling ?? []),
    ...(credentials === undefined ? [] : [entry("show_credentials", credentials, wordNode(credentials, "true"))]),
  ];
  if (keys.length === 0 || target.text === "off") return target;
  return mapNode([entry("output", output?.path ?? output?.at ?? name, target), ...keys], name.span);
}
