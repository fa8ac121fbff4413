import type { SourceText } from "./source-text.ts";
import type { Place } from "./problem.ts";

/** Where something stands in a file: offsets into its text. */
export interface Span {
  readonly source: SourceText;
  readonly start: number;
  readonly end: number;
}

/**
 * A configuration file as a tree of keys, before anything in it has a meaning. The YAML reader and the Caddyfile
 * reader both end in one, each node knowing the place it came from; one decoder reads them, and `adapt` prints one.
 */
export type DocNode = DocScalar | DocList | DocMap;

/**
 * One plain value. `word` has no type of its own and may be any (a word of a Caddyfile, or an expanded `${NAME}`
 * without quotes); the others are what YAML takes them for.
 */
export interface DocScalar {
  readonly type: "text" | "number" | "boolean" | "null" | "word";
  /** Without quotes, and with what was expanded. */
  readonly text: string;
  readonly span: Span;
}

export interface DocList {
  readonly type: "list";
  readonly items: readonly DocNode[];
  readonly span: Span;
}

export interface DocMap {
  readonly type: "map";
  /** In the order of the file; keys are unique. */
  readonly entries: readonly DocEntry[];
  readonly span: Span;
}

export interface DocEntry {
  readonly key: string;
  readonly keySpan: Span;
  readonly value: DocNode;
}

/** The place of a span, for a problem. `key` is the path of the key, `routes[1].match.path[0]`. */
export function placeOf(span: Span, key: string | undefined): Place {
  return span.source.place(span.start, span.end, key);
}

/** The value of a key; undefined where it is not there. */
export function entryOf(map: DocMap, key: string): DocEntry | undefined {
  return map.entries.find((entry) => entry.key === key);
}
