import type { MatcherConfig, MatcherSet } from "../config/model.ts";
import type { Condition } from "./condition.ts";
import { compileField, compileFieldRegexp } from "./field-condition.ts";
import { compileHosts } from "./host-condition.ts";
import { compileContextPath, compilePathRegexp, compilePaths } from "./path-condition.ts";
import { createPathReadings, type PathReadings } from "./path-reading.ts";
import { compileQuery } from "./query-condition.ts";
import { compileAddress, compileMethods, compileProtocol } from "./request-condition.ts";
import type { RequestFacts } from "./request-facts.ts";

/** What a route matches, compiled. */
export interface RequestMatcher {
  /** What it asks for, in words; "every request" where it asks for nothing. */
  readonly label: string;
  /**
   * Some condition looks at the path, at any depth of `not`. A path that could be read as climbing (`mayClimb`) is then
   * to be refused before it is asked: readers further in may see another path than the one that was matched.
   */
  readonly readsPath: boolean;
  matches(facts: RequestFacts): boolean;
  /** In words, why it does not match; undefined when it does. */
  mismatch(facts: RequestFacts): string | undefined;
}

/**
 * Compiles a route's `match` once, at start or reload: matches when one of the sets does, a set when all in it do. No sets
 * at all match every request (Caddy's rule).
 *
 * @param readings shared by the matchers that are asked about the same request
 */
export function compileMatch(match: readonly MatcherSet[], readings = createPathReadings()): RequestMatcher {
  const sets = match.map((set) => compileSet(set, readings));
  if (sets.length === 0 || sets.some(({ length }) => length === 0)) return EVERY_REQUEST;
  const conditions = sets.flat();
  const [only] = sets;
  return {
    label: labelOf(sets),
    readsPath: conditions.some(({ readsPath }) => readsPath),
    matches: sets.length === 1 && only !== undefined ? (facts) => holds(only, facts) : (facts) => anyHolds(sets, facts),
    mismatch: (facts) => (anyHolds(sets, facts) ? undefined : reasonsOf(sets, facts)),
  };
}

const EVERY_REQUEST: RequestMatcher = {
  label: "every request",
  readsPath: false,
  matches: () => true,
  mismatch: () => undefined,
};

/** Whether `match` looks at the path; see {@link RequestMatcher.readsPath}. */
export function readsPath(match: readonly MatcherSet[]): boolean {
  return compileMatch(match).readsPath;
}

/** All have to hold. */
type CompiledSet = readonly Condition[];

function holds(set: CompiledSet, facts: RequestFacts): boolean {
  for (const condition of set) if (!condition.matches(facts)) return false;
  return true;
}

function anyHolds(sets: readonly CompiledSet[], facts: RequestFacts): boolean {
  for (const set of sets) if (holds(set, facts)) return true;
  return false;
}

/** Each set's first condition that does not hold. */
function reasonsOf(sets: readonly CompiledSet[], facts: RequestFacts): string {
  const reasons = sets.map((set) => set.find((condition) => !condition.matches(facts))?.reason(facts) ?? "");
  return [...new Set(reasons)].join("; and ");
}

function labelOf(sets: readonly CompiledSet[]): string {
  return sets.map((set) => set.map(({ label }) => label).join(", ")).join("; or ");
}

function compileSet(set: MatcherSet, readings: PathReadings): CompiledSet {
  return set.flatMap((config) => compileConditions(config, readings));
}

/** The conditions that one matcher comes to; all of them have to hold. */
function compileConditions(config: MatcherConfig, readings: PathReadings): readonly Condition[] {
  switch (config.type) {
    case "host":
      return [compileHosts(config.hosts)];
    case "path":
      return [compilePaths(config.patterns, readings)];
    case "context_path":
      return [compileContextPath(config.pattern)];
    case "path_regexp":
      return [compilePathRegexp(config.regexp, readings)];
    case "method":
      return [compileMethods(config.methods)];
    case "header":
      return config.fields.map(compileField);
    case "header_regexp":
      return config.fields.map(compileFieldRegexp);
    case "query":
      return [compileQuery(config.parameters)];
    case "remote_ip":
    case "client_ip":
      return [compileAddress(config.type, config.ranges)];
    case "protocol":
      return [compileProtocol(config.protocol)];
    case "not":
      return [compileNot(config.sets, readings)];
    default:
      return config satisfies never;
  }
}

/** None of the sets may match. An empty set matches everything, so that nothing is left; no sets at all forbid nothing. */
function compileNot(configs: readonly MatcherSet[], readings: PathReadings): Condition {
  const sets = configs.map((set) => compileSet(set, readings));
  return {
    label: `not (${labelOf(sets)})`,
    readsPath: sets.flat().some(({ readsPath }) => readsPath),
    matches: (facts) => !anyHolds(sets, facts),
    reason(facts) {
      const found = sets.find((set) => holds(set, facts));
      return `what must not match does: ${labelOf([found ?? []]) || "every request"}`;
    },
  };
}
