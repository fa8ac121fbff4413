import type { PathPattern } from "../config/model.ts";
import { mayClimb } from "../core/target.ts";

/** A compiled path pattern. */
export type PathMatcher = (path: string) => PathMatch;

/**
 * `escapes`: the path is written inside the pattern, but an origin that decodes or resolves it again could
 * read it as one outside. Such a request is refused, never forwarded.
 */
export type PathMatch = "match" | "no-match" | "escapes";

/** Compiles a pattern once, at start or reload. */
export function compilePath(pattern: PathPattern): PathMatcher {
  const { path } = pattern;
  // Every path is inside of these, also after any decoding.
  if (path === "/" || path === "") return () => "match";
  const inside = pattern.type === "prefix" ? insidePrefix(path) : insideSegments(path);
  return (requested) => {
    if (!inside(requested)) return "no-match";
    return mayClimb(requested) ? "escapes" : "match";
  };
}

function insidePrefix(prefix: string): (path: string) => boolean {
  return (path) => path.startsWith(prefix);
}

function insideSegments(path: string): (requested: string) => boolean {
  // `/up/` asks for what is below; `/up` also for itself.
  if (path.endsWith("/")) return insidePrefix(path);
  const below = `${path}/`;
  return (requested) => requested === path || requested.startsWith(below);
}
