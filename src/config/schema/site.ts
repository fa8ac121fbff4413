import { itemPath, keyPath } from "../key-path.ts";
import { placeOf, type DocNode, type Span } from "../document.ts";
import type { Place, Problem } from "../problem.ts";

/** What is said of a problem beside its message. */
export type ProblemExtra = Partial<Pick<Problem, "severity" | "seen" | "expected" | "help">>;

/** One reading of one file: what was found wrong in it, and which other files it named. */
export class Decoding {
  readonly problems: Problem[] = [];
  /** Files that were read for a value, as they are written. */
  readonly files: string[] = [];
  readonly #broken: ReadonlySet<DocNode>;

  /** `broken` are the nodes whose fault was reported by the reader of the text: nothing more is said of them. */
  constructor(broken: ReadonlySet<DocNode> = new Set()) {
    this.#broken = broken;
  }

  isBroken(node: DocNode): boolean {
    return this.#broken.has(node);
  }

  report(place: Place, message: string, { severity = "error", ...extra }: ProblemExtra = {}): void {
    this.problems.push({ severity, place, message, ...extra });
  }
}

/** Where in the tree of keys a value stands. */
export interface Site {
  /** `routes[1].match.path`; empty for the file as a whole. */
  readonly path: string;
  /** Of the key that it stands under, itself or in a list; undefined for the file as a whole. */
  readonly keySpan: Span | undefined;
  /** True for an item of a list. */
  readonly isItem: boolean;
  readonly decoding: Decoding;
}

/** The site of the file as a whole. */
export function topSite(decoding: Decoding): Site {
  return { path: "", keySpan: undefined, isItem: false, decoding };
}

/** The site of a key's value. */
export function keySite(site: Site, key: string, keySpan: Span): Site {
  return { path: keyPath(site.path, key), keySpan, isItem: false, decoding: site.decoding };
}

/** The site of a list's item. */
export function itemSite(site: Site, index: number): Site {
  return { ...site, path: itemPath(site.path, index), isItem: true };
}

/** Reports that a value has the wrong form. */
export function reportForm(node: DocNode, site: Site, message: string, expected: string, help?: string): undefined {
  const place = placeOf(node.span, site.path);
  const seen = node.type === "list" || node.type === "map" || node.type === "null" ? undefined : node.text;
  site.decoding.report(place, message, {
    ...(seen !== undefined && { seen }),
    expected,
    ...(help !== undefined && { help }),
  });
}
