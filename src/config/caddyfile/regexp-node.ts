import type { DocNode } from "../document.ts";
import { entry, mapNode, textNode } from "./nodes.ts";
import { translateRegexp, type TranslatedRegexp } from "./regexp.ts";
import type { Report } from "./report.ts";
import type { Token } from "./token.ts";

/** Translates the regular expression that a word is; undefined, and reported, where it cannot be. */
export function regexpOf(at: Token, report: Report): TranslatedRegexp | undefined {
  const translated = translateRegexp(at.text);
  if (translated.ok) return translated.value;
  return report.error(at, `this regular expression cannot be taken: ${translated.fault}`);
}

/** A regular expression of a matcher, with the name that placeholders find its groups by. */
export function matcherRegexp(name: Token | undefined, pattern: Token, report: Report): DocNode | undefined {
  const translated = regexpOf(pattern, report);
  if (translated === undefined) return undefined;
  const node = textNode(pattern, translated.pattern);
  if (name === undefined) return node;
  return mapNode([entry("name", name, textNode(name)), entry("pattern", pattern, node)], name.span);
}
