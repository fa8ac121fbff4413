import type { DocEntry, DocMap, DocNode, Span } from "../document.ts";
import { entry, mapNode, oneOrMore, textNode, wordNode } from "./nodes.ts";
import type { Token } from "./token.ts";

/** The keys of a condition whose lines add up: `path /a` and `path /b` are one list. */
export type ListCondition = "host" | "path" | "method" | "remote_ip" | "client_ip";

interface Field {
  readonly at: Token;
  /** Undefined: the field has to be absent. */
  values: Token[] | undefined;
}

/** The order in which the keys of a condition are written. */
const KEYS = [
  "host",
  "path",
  "path_regexp",
  "method",
  "header",
  "header_regexp",
  "query",
  "remote_ip",
  "client_ip",
  "protocol",
  "not",
] as const;

type Key = (typeof KEYS)[number];

/** What the lines of one matcher ask for together; all of it has to hold. */
export class Conditions {
  readonly #first = new Map<Key, Token>();
  readonly #lists = new Map<ListCondition, Token[]>();
  readonly #single = new Map<"path_regexp" | "protocol", DocNode>();
  readonly #header = new Map<string, Field>();
  readonly #headerRegexp = new Map<string, DocEntry>();
  readonly #query = new Map<string, { readonly at: Token; readonly values: Token[] }>();
  readonly #not: DocMap[] = [];

  add(key: ListCondition, at: Token, values: readonly Token[]): void {
    this.#note(key, at);
    this.#lists.set(key, [...(this.#lists.get(key) ?? []), ...values]);
  }

  /** A condition that there is once; the last one holds (Caddy). */
  set(key: "path_regexp" | "protocol", at: Token, value: DocNode): void {
    this.#note(key, at);
    this.#single.set(key, value);
  }

  /** A field with one of its values; `undefined` asks for a request without the field. */
  addHeader(at: Token, field: Token, value: Token | undefined): void {
    this.#note("header", at);
    const name = field.text.toLowerCase();
    const known = this.#header.get(name);
    if (value === undefined) this.#header.set(name, { at: field, values: undefined });
    else if (known === undefined) this.#header.set(name, { at: field, values: [value] });
    else known.values = [...(known.values ?? []), value];
  }

  addHeaderRegexp(at: Token, field: Token, value: DocNode): void {
    this.#note("header_regexp", at);
    this.#headerRegexp.set(field.text.toLowerCase(), entry(field.text, field, value));
  }

  addQuery(at: Token, parameter: string, value: Token): void {
    this.#note("query", at);
    const known = this.#query.get(parameter);
    if (known === undefined) this.#query.set(parameter, { at: value, values: [value] });
    else known.values.push(value);
  }

  addNot(at: Token, set: DocMap): void {
    this.#note("not", at);
    this.#not.push(set);
  }

  /** The only path there is, by which Caddy sorts. */
  get onlyPath(): string | undefined {
    const paths = this.#lists.get("path") ?? [];
    return paths.length === 1 ? paths[0]?.text : undefined;
  }

  /** The condition as a route's `match` has it. */
  node(span: Span): DocMap {
    const entries = KEYS.flatMap((key) => {
      const at = this.#first.get(key);
      const value = at === undefined ? undefined : this.#value(key, at);
      return at === undefined || value === undefined ? [] : [entry(key, at, value)];
    });
    return mapNode(entries, span);
  }

  #note(key: Key, at: Token): void {
    if (!this.#first.has(key)) this.#first.set(key, at);
  }

  #value(key: Key, at: Token): DocNode | undefined {
    switch (key) {
      case "path_regexp":
      case "protocol":
        return this.#single.get(key);
      case "header":
        return mapNode([...this.#header.values()].map(headerEntry), at.span);
      case "header_regexp":
        return mapNode([...this.#headerRegexp.values()], at.span);
      case "query": {
        const entries = [...this.#query].map(([parameter, { at: first, values }]) => {
          return entry(parameter, first, oneOrMore(values.map(valueOfQuery), first.span));
        });
        return mapNode(entries, at.span);
      }
      case "not":
        return oneOrMore(this.#not, at.span);
      default:
        return oneOrMore(
          (this.#lists.get(key) ?? []).map((value) => textNode(value)),
          at.span,
        );
    }
  }
}

function headerEntry({ at, values }: Field): DocEntry {
  const name = at.text.replace(/^!/, "");
  if (values === undefined) return entry(name, at, wordNode(at, "absent"));
  const [only] = values;
  if (values.length === 1 && only?.text === "*") return entry(name, at, wordNode(only, "present"));
  const nodes = values.map((value) => textNode(value));
  // Alone, these two words would mean something else.
  const isWord = only?.text === "present" || only?.text === "absent";
  const span = only?.span ?? at.span;
  return entry(name, at, isWord ? { type: "list", items: nodes, span } : oneOrMore(nodes, span));
}

function valueOfQuery(at: Token): DocNode {
  return textNode(at, at.text.slice(at.text.indexOf("=") + 1));
}
