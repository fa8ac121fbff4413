import type { DocEntry, DocMap } from "../document.ts";
import type { Directive } from "./blocks.ts";
import type { Matchers } from "./matchers.ts";
import type { Report } from "./report.ts";

/** What a directive can see around it. */
export interface Scope {
  readonly report: Report;
  readonly matchers: Matchers;
  /** Caddy's order, with what the global options change in it. */
  readonly order: readonly string[];
  /** Reads the block of a directive whose lines are directives themselves. */
  readonly nested: (block: readonly Directive[], how: "sorted" | "as written") => readonly DocMap[];
}

/** Reads a directive, its matcher taken off, into the keys of a route; undefined, and reported, where it is wrong. */
export type DirectiveReader = (line: Directive, scope: Scope) => readonly DocEntry[] | undefined;
