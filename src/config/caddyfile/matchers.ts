import type { DocMap } from "../document.ts";
import type { Directive } from "./blocks.ts";
import { Conditions } from "./conditions.ts";
import { MATCHER_MODULES, REFUSED_MATCHERS } from "./matcher-modules.ts";
import { entry, mapNode, textNode } from "./nodes.ts";
import type { Report } from "./report.ts";
import type { Token } from "./token.ts";

/** A condition under which something is done. */
export interface Matcher {
  readonly node: DocMap;
  /** Its path, where it has exactly one: Caddy sorts by its length. */
  readonly path: string | undefined;
}

/** The matchers that a block can name: `@websockets` and its condition. Undefined is one that could not be read. */
export type Matchers = ReadonlyMap<string, Matcher | undefined>;

/** Reads the `@name` lines of a block; those of the blocks around it count as well. */
export function readMatchers(lines: readonly Directive[], outer: Matchers, report: Report): Matchers {
  const own = new Map<string, Matcher | undefined>();
  for (const line of lines) {
    const { name } = line;
    if (!isMatcherName(name)) continue;
    if (own.has(name.text) || outer.has(name.text)) {
      report.error(name, "there is a matcher of this name already");
      continue;
    }
    own.set(name.text, readMatcher(line, report));
  }
  return new Map([...outer, ...own]);
}

/** True for a word that defines a matcher, or names one. */
export function isMatcherName(token: Token): boolean {
  return token.text.startsWith("@");
}

/** The matcher of a path that stands where a matcher may stand. */
export function pathMatcher(at: Token): Matcher {
  return { node: mapNode([entry("path", at, textNode(at))], at.span), path: at.text };
}

/** A line whose words behind the first, or whose block, are a matcher. */
export function readMatcher(line: Directive, report: Report): Matcher | undefined {
  const { name, args, block } = line;
  const [first, ...rest] = args;
  if (first !== undefined) return readSet([{ name: first, args: rest, block }], name, report);
  if (block !== undefined && block.length > 0) return readSet(block, name, report);
  return report.error(name, "this matcher has no condition", {
    expected: `${name.text} path /x/*, or a block of them`,
  });
}

/** A set of conditions, which all have to hold. */
function readSet(lines: readonly Directive[], at: Token, report: Report): Matcher | undefined {
  const conditions = new Conditions();
  const before = report.errors;
  for (const line of lines) readCondition(line, conditions, report);
  return report.errors > before ? undefined : { node: conditions.node(at.span), path: conditions.onlyPath };
}

function readCondition(line: Directive, conditions: Conditions, report: Report): void {
  const { name, args, block } = line;
  if (name.text === "not") {
    const [first, ...rest] = args;
    const lines = first === undefined ? block : [{ name: first, args: rest, block }];
    if (lines === undefined || lines.length === 0) {
      report.error(name, "not lacks the condition that may not hold", { expected: "not path /x/*, or a block" });
      return;
    }
    const set = readSet(lines, name, report);
    if (set !== undefined) conditions.addNot(name, set.node);
    return;
  }
  const read = MATCHER_MODULES[name.text];
  if (read !== undefined) {
    if (block !== undefined) report.error(name, `${name.text} has no block`);
    else read(line, conditions, report);
    return;
  }
  const help = name.quote === "`" ? REFUSED_MATCHERS.get("expression") : REFUSED_MATCHERS.get(name.text);
  if (help !== undefined) {
    const what = name.quote === "`" ? "an expression" : `the matcher ${name.text}`;
    report.error(name, `${what} is Caddy's, and not taken here`, { help });
    return;
  }
  report.unknown(name, "matcher", [...Object.keys(MATCHER_MODULES), "not"]);
}
