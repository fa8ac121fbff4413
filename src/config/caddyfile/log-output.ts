import type { DocEntry } from "../document.ts";
import { argumentOf, argumentsOf } from "./arguments.ts";
import type { Directive } from "./blocks.ts";
import { entry, wordNode } from "./nodes.ts";
import type { Report } from "./report.ts";
import type { Token } from "./token.ts";
import { durationNode, sizeNode } from "./values.ts";

/** Where a log goes: `stdout`, `stderr`, `discard`, or a file with how it is rolled. */
export interface LogOutput {
  readonly at: Token;
  readonly path: Token | undefined;
  /** Keys of an access log. */
  readonly rolling: readonly DocEntry[];
}

const OUTPUTS = ["stdout", "stderr", "discard", "file"];
const FILE_LINES = ["roll_disabled", "roll_size", "roll_keep", "roll_keep_for", "roll_uncompressed"];

export function readLogOutput({ name, args, block }: Directive, report: Report): LogOutput | undefined {
  const [at, path, extra] = args;
  const expected = "output stdout, stderr, discard, or file PATH";
  if (at === undefined) return report.error(name, "output lacks where it goes", { expected });
  if (at.text === "net") {
    return report.error(at, "a log over the network is Caddy's, and not written here", { expected });
  }
  if (!OUTPUTS.includes(at.text)) return report.unknown(at, "output", OUTPUTS);
  if (at.text !== "file") {
    if (path === undefined && block === undefined) return { at, path: undefined, rolling: [] };
    return report.error(path ?? at, `${at.text} has nothing behind it`, { expected });
  }
  if (path === undefined || extra !== undefined) return report.error(extra ?? at, "file has one path", { expected });
  return { at, path, rolling: (block ?? []).flatMap((line) => readFileLine(line, report) ?? []) };
}

function readFileLine(line: Directive, report: Report): DocEntry | undefined {
  const { name } = line;
  switch (name.text) {
    case "roll_disabled":
    case "roll_uncompressed": {
      if (argumentsOf(line, { form: name.text, least: 0, most: 0 }, report) === undefined) return undefined;
      const isSize = name.text === "roll_disabled";
      return entry(isSize ? "roll_size" : "roll_compress", name, wordNode(name, isSize ? "0" : "false"));
    }
    case "roll_size": {
      const size = argumentOf(line, "roll_size SIZE", report);
      const node = size && sizeNode(size, report);
      return node && entry("roll_size", name, node);
    }
    case "roll_keep": {
      const count = argumentOf(line, "roll_keep COUNT", report);
      return count && entry("roll_keep", name, wordNode(count));
    }
    case "roll_keep_for": {
      const time = argumentOf(line, "roll_keep_for TIME", report);
      return time && entry("roll_keep_for", name, durationNode(time, report));
    }
    default: {
      if (!/^(?:roll_\w+|mode|dir_mode|backup_time_format)$/.test(name.text)) {
        return report.unknown(name, "line of file", FILE_LINES);
      }
      const expected = FILE_LINES.join(", ");
      return report.error(name, `${name.text} is Caddy's, and not taken here`, { expected });
    }
  }
}
