import type { PathPattern, RegexpConfig } from "../config/model.ts";
import { type Condition, listed } from "./condition.ts";
import { compilePath } from "./path.ts";
import { compilePathPattern } from "./path-pattern.ts";
import type { PathReadings } from "./path-reading.ts";

/** Caddy's `path`. */
export function compilePaths(patterns: readonly string[], readings: PathReadings): Condition {
  const compiled = patterns.map((pattern) => compilePathPattern(pattern, readings));
  // One that takes everything makes the others idle, so the path is not read at all (Caddy puts a `*` first too).
  const takesAll = compiled.some(({ readsPath }) => !readsPath);
  const [only] = compiled;
  return {
    label: `path ${listed(patterns)}`,
    readsPath: !takesAll && compiled.length > 0,
    matches: takesAll
      ? () => true
      : compiled.length === 1 && only !== undefined
        ? ({ path }) => only.matches(path)
        : ({ path }) => {
            for (const pattern of compiled) if (pattern.matches(path)) return true;
            return false;
          },
    reason: ({ path }) => `the path ${path} is not ${listed(patterns)}`,
  };
}

/** Caddy's `path_regexp`, on the decoded and cleaned path. */
export function compilePathRegexp({ name, pattern }: RegexpConfig, readings: PathReadings): Condition {
  const compiled = new RegExp(pattern);
  return {
    label: `path_regexp ${pattern}`,
    readsPath: true,
    matches(facts) {
      const groups = compiled.exec(readings.cleaned.of(facts.path));
      if (groups === null) return false;
      facts.capture(name, groups);
      return true;
    },
    reason: ({ path }) => `the path ${path} is not like ${pattern}`,
  };
}

/** `--cp`: the path exactly as it is sent. A path that could be read as one outside does not match. */
export function compileContextPath(pattern: PathPattern): Condition {
  const match = compilePath(pattern);
  const takesAll = pattern.path === "/" || pattern.path === "";
  const wanted = pattern.type === "prefix" ? `${pattern.path}*` : pattern.path;
  return {
    label: `cp ${wanted}`,
    readsPath: !takesAll,
    matches: ({ path }) => match(path) === "match",
    reason: ({ path }) =>
      match(path) === "escapes"
        ? `the path ${path} could be read as one outside of ${pattern.path}`
        : `the path ${path} is not within ${wanted}`,
  };
}
