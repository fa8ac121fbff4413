import type { MatcherConfig, MatcherSet, PathPattern } from "../config/model.ts";
import { compilePathPattern, EVERY_PATH, type PathKey } from "./path-pattern.ts";
import { createPathReadings, foldCase, foldPath } from "./path-reading.ts";

/** Where in the index a matcher set is found: at each of the hosts with each of the paths. */
export interface SetKeys {
  /** `undefined` is every host. Empty: no request matches. */
  readonly hosts: readonly (string | undefined)[];
  readonly paths: readonly PathKey[];
}

/** More combinations than this for each host and path that is written are not spelled out. */
const MOST_COMBINATIONS = 8;

/**
 * The keys of a matcher set: every request that matches is found at one of them. What cannot be looked up (regular
 * expressions, endings, `not`) is left to the matcher.
 */
export function keysOf(set: MatcherSet): SetKeys {
  const hosts = set.find((matcher) => matcher.type === "host")?.hosts ?? [undefined];
  const paths = set.map(pathsOf).find((keys) => keys !== undefined) ?? [EVERY_PATH];
  const isTooMany = hosts.length * paths.length > MOST_COMBINATIONS * (hosts.length + paths.length);
  return { hosts, paths: isTooMany ? [EVERY_PATH] : paths };
}

/** Undefined where a matcher leaves the path open. */
function pathsOf(matcher: MatcherConfig): readonly PathKey[] | undefined {
  if (matcher.type === "context_path") return contextKeys(matcher.pattern);
  if (matcher.type !== "path") return undefined;
  const readings = createPathReadings();
  const keys = matcher.patterns.map((pattern) => compilePathPattern(pattern, readings).key);
  return keys.some((key) => key.type === "prefix" && key.path === "") ? undefined : keys;
}

/**
 * A context path is matched as it is sent, and the index reads folded paths. One that folding leaves alone but for its
 * letters is still how the folded path begins, since a path with `..` in any reading does not match. The slash at its
 * end is not: `/up/%2e` folds to `/up`.
 */
function contextKeys({ path }: PathPattern): readonly PathKey[] | undefined {
  const folded = foldCase(path);
  const isPlain = folded.startsWith("/") && !path.includes("%") && foldPath(path) === folded && !folded.includes("/.");
  if (!isPlain) return undefined;
  const prefix = folded.endsWith("/") ? folded.slice(0, -1) : folded;
  return prefix === "" ? undefined : [{ type: "prefix", path: prefix }];
}
