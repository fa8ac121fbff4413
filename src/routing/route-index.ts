import type { MatcherSet } from "../config/model.ts";
import { type Candidates, MergeMemory } from "./candidates.ts";
import { HostTable } from "./host-table.ts";
import { compileMatch, type RequestMatcher } from "./match.ts";
import { createPathReadings } from "./path-reading.ts";
import { PathTree } from "./path-tree.ts";
import type { RequestFacts } from "./request-facts.ts";
import { keysOf } from "./route-keys.ts";

/** A route as the index takes it: what it matches, and what it stands for. */
export interface IndexedRoute<T> {
  readonly match: readonly MatcherSet[];
  readonly value: T;
}

const NOBODY: readonly number[] = [];

/**
 * An ordered list of routes, compiled once at start or reload. Which of them could match is looked up by host and path, so that
 * the last of thousands costs what the first of ten does:
 *
 * ```ts
 * for (const number of index.candidates(facts)) if (index.matches(number, facts)) return index.value(number);
 * ```
 */
export class RouteIndex<T> {
  /** Some route looks at the path; see {@link RequestMatcher.readsPath}. */
  readonly readsPath: boolean;
  readonly #matchers: readonly RequestMatcher[];
  readonly #values: readonly T[];
  readonly #hosts = new HostTable<PathTree>();
  /** One for all matchers and the index, so that a path is folded once for a lookup. */
  readonly #readings = createPathReadings();
  readonly #memory: MergeMemory;
  /** Of the lookup that is being made; kept so that it need not be made each time. */
  readonly #trees: PathTree[] = [];

  constructor(routes: readonly IndexedRoute<T>[]) {
    this.#matchers = routes.map(({ match }) => compileMatch(match, this.#readings));
    this.#values = routes.map(({ value }) => value);
    this.#memory = new MergeMemory(routes.length);
    this.readsPath = this.#matchers.some((matcher) => matcher.readsPath);
    for (const [number, { match }] of routes.entries()) this.#add(number, match);
    for (const tree of this.#hosts.values()) tree.seal();
  }

  get length(): number {
    return this.#values.length;
  }

  /**
   * The numbers of the routes that could match by host and path, ascending. The list never changes, and holds until
   * the host or the path is edited.
   */
  candidates(facts: RequestFacts): readonly number[] {
    const trees = this.#trees;
    trees.length = 0;
    // Made out of the Host field when it is asked for.
    this.#hosts.collect(this.#hosts.readsHost ? facts.hostname : "", trees);
    if (trees.length === 0) return NOBODY;
    const path = this.#readings.folded.of(facts.path);
    let found: Candidates | undefined;
    for (const tree of trees) {
      const more = tree.find(path);
      if (more !== undefined) found = found === undefined ? more : found.union(more, this.#memory);
    }
    return found === undefined ? NOBODY : found.all(this.#memory);
  }

  /** Whether a route matches, in full. */
  matches(number: number, facts: RequestFacts): boolean {
    return this.#matchers[number]?.matches(facts) ?? false;
  }

  /** In words, why a route does not match; undefined when it does. */
  mismatch(number: number, facts: RequestFacts): string | undefined {
    return this.#matchers[number]?.mismatch(facts);
  }

  /** @param number from `candidates`, or below `length` */
  value(number: number): T {
    return this.#values[number] as T;
  }

  #add(number: number, match: readonly MatcherSet[]): void {
    // No sets match every request, as an empty one does.
    for (const set of match.length === 0 ? [[]] : match) {
      const { hosts, paths } = keysOf(set);
      for (const host of hosts) {
        const tree = this.#hosts.at(host, () => new PathTree());
        for (const path of paths) tree.add(path, number);
      }
    }
  }
}
