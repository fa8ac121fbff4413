import { argumentOf, argumentsOf } from "../arguments.ts";
import { entry, mapNode, textNode, wordNode } from "../nodes.ts";
import { regexpOf } from "../regexp-node.ts";
import { translateReplacement } from "../replacement.ts";
import type { DirectiveReader } from "../scope.ts";
import type { Token } from "../token.ts";

/** `rewrite TO`. */
export const readRewrite: DirectiveReader = (line, { report }) => {
  const to = argumentOf(line, "rewrite [MATCHER] TO", report);
  return to === undefined ? undefined : [entry("rewrite", line.name, textNode(to))];
};

const KINDS = ["strip_prefix", "strip_suffix", "replace", "path_regexp"];

/** `uri strip_prefix|strip_suffix|replace|path_regexp`. */
export const readUri: DirectiveReader = (line, scope) => {
  const { name, args } = line;
  const [kind, ...rest] = args;
  if (kind === undefined) return scope.report.error(name, "uri lacks what it does", { expected: KINDS.join(", ") });
  const inner = { ...line, name: kind, args: rest };
  switch (kind.text) {
    case "strip_prefix": {
      const prefix = argumentOf(inner, "uri [MATCHER] strip_prefix PREFIX", scope.report);
      return prefix === undefined ? undefined : [entry("strip_prefix", kind, textNode(prefix, withSlash(prefix.text)))];
    }
    case "strip_suffix": {
      const suffix = argumentOf(inner, "uri [MATCHER] strip_suffix SUFFIX", scope.report);
      return suffix === undefined ? undefined : [entry("strip_suffix", kind, textNode(suffix))];
    }
    case "replace":
      return readReplace(inner, scope);
    case "path_regexp":
      return readPathRegexp(inner, scope);
    case "query": {
      const help = "rewrite ?NAME=VALUE replaces the whole query";
      return scope.report.error(kind, "uri query is Caddy's, and not taken here", { help });
    }
    default:
      return scope.report.unknown(kind, "edit of the uri", KINDS);
  }
};

function withSlash(prefix: string): string {
  return prefix.startsWith("/") ? prefix : `/${prefix}`;
}

const readReplace: DirectiveReader = (line, { report }) => {
  const form = "uri [MATCHER] replace FIND REPLACE [LIMIT]";
  const [find, replacement, limit] = argumentsOf(line, { form, least: 2, most: 3 }, report) ?? [];
  if (find === undefined || replacement === undefined) return undefined;
  const entries = [
    entry("find", find, textNode(find)),
    entry("with", replacement, textNode(replacement)),
    ...(limit === undefined ? [] : [entry("limit", limit, wordNode(limit))]),
  ];
  return [entry("replace", line.name, mapNode(entries, line.name.span))];
};

const readPathRegexp: DirectiveReader = (line, { report }) => {
  const form = "uri [MATCHER] path_regexp FIND REPLACE";
  const [find, replacement] = argumentsOf(line, { form, least: 2, most: 2 }, report) ?? [];
  if (find === undefined || replacement === undefined) return undefined;
  const regexp = regexpOf(find, report);
  if (regexp === undefined) return undefined;
  const text = translateReplacement(replacement.text, regexp.groups);
  if (!text.ok) return report.error(replacement, text.fault, { expected: "$1 for the first group" });
  const entries = [
    entry("regexp", find, textNode(find, regexp.pattern)),
    entry("with", replacement, textNode(replacement, text.value)),
  ];
  return [entry("replace", line.name, mapNode(entries, line.name.span))];
};

/** What is stripped by `handle_path PATH`: the path without the star, and the slash before it. */
export function strippedPrefix(path: Token): string {
  return path.text.replace(/\/?\*$/, "");
}
