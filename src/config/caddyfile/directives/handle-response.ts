import type { DocEntry, DocMap } from "../../document.ts";
import { argumentsOf } from "../arguments.ts";
import type { Directive } from "../blocks.ts";
import { Conditions } from "../conditions.ts";
import { isMatcherName } from "../matchers.ts";
import { MATCHER_MODULES } from "../matcher-modules.ts";
import { entry, listNode, mapNode, oneOrMore, wordNode } from "../nodes.ts";
import type { Report } from "../report.ts";
import type { DirectiveReader, Scope } from "../scope.ts";
import type { Token } from "../token.ts";

/** The keys that say which answers a handler is for. */
type When = readonly DocEntry[];

const FORMS: Readonly<Record<string, string>> = {
  handle_response: "handle_response [@NAME] { ... }",
  replace_status: "replace_status [@NAME] STATUS",
};

/** Lines of `reverse_proxy` about the upstream's answers. */
export const RESPONSE_LINES: readonly string[] = Object.keys(FORMS);

/**
 * `handle_response`, `replace_status` and the `@name` lines that they name. As in Caddy those without a matcher come
 * last, and `replace_status` comes before `handle_response`.
 */
export class ResponseLines {
  readonly #scope: Scope;
  readonly #matchers = new Map<string, When | undefined>();
  readonly #lines: Directive[] = [];

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  take(line: Directive): void {
    if (!isMatcherName(line.name)) this.#lines.push(line);
    else if (this.#matchers.has(line.name.text)) {
      this.#scope.report.error(line.name, "there is a matcher of this name already");
    } else this.#matchers.set(line.name.text, readWhen(line, this.#scope.report));
  }

  /** The key of the route that all of them come to, once all are taken. */
  entry(): DocEntry | undefined {
    const [first] = this.#lines;
    if (first === undefined) return undefined;
    const inOrder = RESPONSE_LINES.toReversed().flatMap((name) =>
      this.#lines.filter((line) => line.name.text === name),
    );
    const handlers = inOrder.flatMap((line) => this.#handler(line) ?? []);
    const isForSome = ({ entries }: DocMap): boolean =>
      entries.some(({ key }) => key === "status" || key === "match_header");
    const sorted = [...handlers.filter(isForSome), ...handlers.filter((each) => !isForSome(each))];
    return entry("handle_response", first.name, oneOrMore(sorted, first.name.span));
  }

  #handler(line: Directive): DocMap | undefined {
    const { name, args, block } = line;
    const { report, nested } = this.#scope;
    const expected = FORMS[name.text] ?? "";
    const [first] = args;
    const named = first !== undefined && isMatcherName(first) ? first : undefined;
    const when = named === undefined ? [] : this.#when(named);
    const rest = { ...line, args: named === undefined ? args : args.slice(1) };
    if (name.text === "replace_status") {
      const [status] = argumentsOf(rest, { form: expected, least: 1, most: 1 }, report) ?? [];
      if (status === undefined || when === undefined) return undefined;
      return mapNode([...when, entry("replace_status", name, wordNode(status))], name.span);
    }
    if (argumentsOf(rest, { form: expected, least: 0, most: 0, block: true }, report) === undefined) return undefined;
    if (block === undefined) return report.error(name, "handle_response lacks its block", { expected });
    const routes = nested(block, "sorted");
    return when && mapNode([...when, entry("routes", name, listNode(routes, name.span))], name.span);
  }

  #when(named: Token): When | undefined {
    if (this.#matchers.has(named.text)) return this.#matchers.get(named.text);
    const expected = `${named.text} status 5xx, or ${named.text} header FIELD VALUE, in this reverse_proxy`;
    return this.#scope.report.error(named, "no matcher of answers has this name", { expected });
  }
}

/** `@name status 5xx`, `@name header X-A b`, or a block of such lines, all of which have to hold. */
function readWhen({ name, args, block }: Directive, report: Report): When | undefined {
  const [first, ...rest] = args;
  const lines = first === undefined ? (block ?? []) : [{ name: first, args: rest, block }];
  if (lines.length === 0) {
    return report.error(name, "this matcher has no condition", { expected: `${name.text} status 5xx` });
  }
  const before = report.errors;
  const statuses: Token[] = [];
  const fields = new Conditions();
  for (const line of lines) {
    if (line.name.text === "status") {
      statuses.push(...(argumentsOf(line, { form: "status STATUS...", least: 1, most: 100 }, report) ?? []));
    } else if (line.name.text === "header") MATCHER_MODULES["header"]?.(line, fields, report);
    else report.unknown(line.name, "matcher of answers", ["status", "header"]);
  }
  if (report.errors > before) return undefined;
  const header = fields.node(name.span).entries.map(({ value }) => entry("match_header", name, value));
  if (statuses.length === 0) return header;
  const nodes = statuses.map((status) => wordNode(status));
  return [entry("status", name, oneOrMore(nodes, name.span)), ...header];
}

/** `copy_response [STATUS]`, among the directives of a handle_response. */
export const readCopyResponse: DirectiveReader = ({ name, args, block }, scope) => {
  const inner = block?.[0];
  if (inner !== undefined && args.length === 0 && block?.length === 1 && inner.name.text === "status") {
    return readCopyResponse({ ...inner, name }, scope);
  }
  const words = argumentsOf({ name, args, block }, { form: "copy_response [STATUS]", least: 0, most: 1 }, scope.report);
  if (words === undefined) return undefined;
  const [status] = words;
  return [entry("copy_response", name, status === undefined ? wordNode(name, "unchanged") : wordNode(status))];
};

/** `copy_response_headers { include|exclude FIELD... }`. */
export const readCopyResponseHeaders: DirectiveReader = ({ name, args, block }, { report }) => {
  const expected = "copy_response_headers { include FIELD... }, or exclude";
  const [extra] = args;
  if (extra !== undefined || block === undefined || block.length === 0) {
    return report.error(extra ?? name, "copy_response_headers has a block of what it copies", { expected });
  }
  const fields = new Map<string, Token[]>([
    ["include", []],
    ["exclude", []],
  ]);
  for (const line of block) {
    const list = fields.get(line.name.text);
    if (list === undefined) report.unknown(line.name, "line of copy_response_headers", [...fields.keys()]);
    else list.push(...(argumentsOf(line, { form: expected, least: 1, most: 100 }, report) ?? []));
  }
  const entries = [...fields].flatMap(([key, names]) => {
    const [first] = names;
    if (first === undefined) return [];
    const nodes = names.map((each) => wordNode(each));
    return [entry(key, first, oneOrMore(nodes, first.span))];
  });
  return [entry("copy_response_headers", name, mapNode(entries, name.span))];
};
