import type { DocEntry } from "../document.ts";
import { argumentsOf } from "./arguments.ts";
import type { Directive } from "./blocks.ts";
import { entry, mapNode, oneOrMore, wordNode } from "./nodes.ts";
import type { Report } from "./report.ts";
import type { Token } from "./token.ts";

const FORM = "admin off, or admin [ADDRESS] { origins ORIGIN... }";

/** Reads the global option `admin`. */
export function readAdmin(line: Directive, report: Report): DocEntry | undefined {
  const args = argumentsOf(line, { form: FORM, least: 0, most: 1, block: true }, report);
  if (args === undefined) return undefined;
  const { name, block = [] } = line;
  const [address] = args;
  if (address === undefined && block.length === 0) return report.error(name, "admin lacks a value", { expected: FORM });
  const origins = block.flatMap((inner) => readLine(inner, report));
  if (address?.text === "off" && block.length > 0) {
    return report.error(address, "an admin listener that is off has no block", { expected: FORM });
  }
  if (address !== undefined && origins.length === 0) return entry("admin", name, wordNode(address));
  const words = origins.map((origin) => wordNode(origin));
  const keys = [
    ...(address === undefined ? [] : [entry("listen", address, wordNode(address))]),
    ...(words.length === 0 ? [] : [entry("origins", name, oneOrMore(words, name.span))]),
  ];
  // A block with nothing in it for us: what holds anyway.
  return keys.length === 0 ? undefined : entry("admin", name, mapNode(keys, name.span));
}

function readLine(line: Directive, report: Report): readonly Token[] {
  const { name } = line;
  switch (name.text) {
    case "origins":
      return argumentsOf(line, { form: "origins ORIGIN...", least: 1, most: Infinity }, report) ?? [];
    case "enforce_origin":
      // Where there is an Origin, it is always looked at.
      argumentsOf(line, { form: "enforce_origin", least: 0, most: 0 }, report);
      return [];
    default:
      report.unknown(name, "line of admin", ["origins", "enforce_origin"]);
      return [];
  }
}
