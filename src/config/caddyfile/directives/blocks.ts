import { argumentsOf } from "../arguments.ts";
import type { Directive } from "../blocks.ts";
import { entry, listNode, textNode } from "../nodes.ts";
import type { DirectiveReader, Scope } from "../scope.ts";
import type { Token } from "../token.ts";
import { strippedPrefix } from "./target.ts";

/** `handle`: directives in Caddy's order, of which only the first block that matches runs. */
export const readHandle: DirectiveReader = (line, scope) => {
  const routes = blockOf(line, "handle [MATCHER] { ... }", "sorted", scope);
  return routes === undefined ? undefined : [entry("routes", line.name, routes)];
};

/** `route`: directives in the order in which they are written. */
export const readRoute: DirectiveReader = (line, scope) => {
  const routes = blockOf(line, "route [MATCHER] { ... }", "as written", scope);
  return routes === undefined ? undefined : [entry("routes", line.name, routes)];
};

/** `handle_path`: `handle` with the path stripped. It is read with its matcher still there. */
export function readHandlePath(line: Directive, path: Token, scope: Scope): ReturnType<DirectiveReader> {
  const routes = blockOf({ ...line, args: line.args.slice(1) }, "handle_path PATH { ... }", "sorted", scope);
  if (routes === undefined) return undefined;
  const prefix = strippedPrefix(path);
  const strip = prefix === "" ? [] : [entry("strip_prefix", path, textNode(path, prefix))];
  return [...strip, entry("routes", line.name, routes)];
}

function blockOf(
  line: Directive,
  form: string,
  how: "sorted" | "as written",
  scope: Scope,
): ReturnType<typeof listNode> | undefined {
  const args = argumentsOf(line, { form, least: 0, most: 0, block: true }, scope.report);
  if (args === undefined) return undefined;
  if (line.block === undefined) {
    return scope.report.error(line.name, `${line.name.text} lacks its block`, { expected: form });
  }
  return listNode(scope.nested(line.block, how), line.name.span);
}
