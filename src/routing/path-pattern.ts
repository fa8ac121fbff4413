import { compileEscapedPath } from "./escaped-path.ts";
import { compileGlob, literalStart } from "./glob.ts";
import { foldCase, type PathReadings } from "./path-reading.ts";

/** Where in the index of folded paths a pattern belongs: whatever matches it is found there. */
export interface PathKey {
  /** `prefix` "" is every path. */
  readonly type: "exact" | "prefix";
  readonly path: string;
}

/** A pattern of Caddy's `path`, compiled once. */
export interface CompiledPathPattern {
  readonly key: PathKey;
  /** False when every path matches, so that it does not matter how a path is read. */
  readonly readsPath: boolean;
  /** @param path as it is sent */
  readonly matches: (path: string) => boolean;
}

export const EVERY_PATH: PathKey = { type: "prefix", path: "" };

/** These take every path that begins with a slash, in any reading. */
const EVERYTHING = new Set(["*", "**", "/*", "*/*"]);

export function compilePathPattern(written: string, readings: PathReadings): CompiledPathPattern {
  const pattern = foldCase(written);
  if (EVERYTHING.has(pattern)) return { key: EVERY_PATH, readsPath: false, matches: () => true };
  const keepsSlashes = pattern.includes("//");
  if (pattern.includes("%")) {
    const reading = keepsSlashes ? readings.escapedSlashes : readings.escaped;
    const matches = compileEscapedPath(pattern);
    return { key: EVERY_PATH, readsPath: true, matches: (path) => matches(reading.of(path)) };
  }
  const reading = keepsSlashes ? readings.foldedSlashes : readings.folded;
  const shape = shapeOf(pattern);
  // The index is one of paths whose slashes are merged.
  const key = keepsSlashes ? EVERY_PATH : shape.key;
  return { key, readsPath: true, matches: (path) => shape.matches(reading.of(path)) };
}

function shapeOf(pattern: string): { readonly key: PathKey; readonly matches: (folded: string) => boolean } {
  const stars = pattern.split("*").length - 1;
  const begins = pattern.startsWith("*");
  const ends = pattern.endsWith("*");
  // A lone star at an end, or one at both, takes slashes too; any other is a glob's and stays within a segment.
  if (stars === 2 && begins && ends) {
    const part = pattern.slice(1, -1);
    return { key: EVERY_PATH, matches: (path) => path.includes(part) };
  }
  if (stars === 1 && begins) {
    const suffix = pattern.slice(1);
    return { key: EVERY_PATH, matches: (path) => path.endsWith(suffix) };
  }
  if (stars === 1 && ends) {
    const prefix = pattern.slice(0, -1);
    return { key: { type: "prefix", path: prefix }, matches: (path) => path.startsWith(prefix) };
  }
  const literal = literalStart(pattern);
  if (literal === pattern) return { key: { type: "exact", path: pattern }, matches: (path) => path === pattern };
  return { key: { type: "prefix", path: literal }, matches: compileGlob(pattern) };
}
