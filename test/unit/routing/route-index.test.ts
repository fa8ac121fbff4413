import { describe, expect, test } from "bun:test";
import type { MatcherConfig, MatcherSet } from "../../../src/config/model.ts";
import { compileMatch } from "../../../src/routing/match.ts";
import type { RequestFacts } from "../../../src/routing/request-facts.ts";
import { RouteIndex } from "../../../src/routing/route-index.ts";
import { factsOf } from "./facts.ts";
import { Dice } from "./dice.ts";
import { bestOf } from "../../helpers/best-of.ts";

const host = (...hosts: string[]): MatcherConfig => ({ type: "host", hosts });
const path = (...patterns: string[]): MatcherConfig => ({ type: "path", patterns });
const method = (...methods: string[]): MatcherConfig => ({ type: "method", methods });
const context = (type: "segments" | "prefix", at: string): MatcherConfig => ({
  type: "context_path",
  pattern: { type, path: at },
});

function indexOf(...matches: (readonly MatcherSet[])[]): RouteIndex<number> {
  return new RouteIndex(matches.map((match, value) => ({ match, value })));
}

function first(index: RouteIndex<number>, facts: RequestFacts): number | undefined {
  const found = index.candidates(facts).find((number) => index.matches(number, facts));
  return found === undefined ? undefined : index.value(found);
}

describe("what is looked up", () => {
  const candidates = (index: RouteIndex<number>, hostname: string, at: string): readonly number[] =>
    index.candidates(factsOf({ hostname, path: at }));

  test("exact paths and prefixes of a host, in order, with what holds for every path and every host", () => {
    const index = indexOf(
      [[host("a.example"), path("/api/*")]],
      [[host("a.example"), path("/api/x")]],
      [[path("/api/*"), method("POST")]],
      [[host("*.example")]],
      [],
      [[host("a.example"), path("/a*")]],
    );
    expect(candidates(index, "a.example", "/api/x")).toEqual([0, 1, 2, 3, 4, 5]);
    expect(candidates(index, "a.example", "/API//y")).toEqual([0, 2, 3, 4, 5]);
    expect(candidates(index, "b.example", "/api/x")).toEqual([2, 3, 4]);
    expect(candidates(index, "else", "/x")).toEqual([4]);
  });

  test("one of thousands is the only candidate", () => {
    const index = indexOf(...Array.from({ length: 5000 }, (_, n) => [[host(`h${n % 50}.example`), path(`/p/${n}/*`)]]));
    expect(candidates(index, "h49.example", "/p/4999/x")).toEqual([4999]);
    expect(candidates(index, "h48.example", "/p/4999/x")).toEqual([]);
    expect(candidates(index, "else.example", "/p/4999/x")).toEqual([]);
  });

  test("a glob by what stands before its first star, several sets each by their own", () => {
    const index = indexOf([[path("/a/*/b")]], [[path("/x")], [host("b.example")]], [[path("*.php", "/y")]]);
    expect(candidates(index, "a.example", "/a/1/c")).toEqual([0, 2]);
    expect(candidates(index, "a.example", "/x")).toEqual([1, 2]);
    expect(candidates(index, "b.example", "/z")).toEqual([1, 2]);
  });

  test("a context path that folding would shorten", () => {
    const index = indexOf(
      [[context("segments", "/up/")]],
      [[context("prefix", "/Up")]],
      [[context("prefix", "/u%41")]],
    );
    expect(first(index, factsOf({ path: "/up/%2e" }))).toBe(0);
    expect(first(index, factsOf({ path: "/Upper" }))).toBe(1);
    expect(first(index, factsOf({ path: "/u%41" }))).toBe(2);
    expect(candidates(index, "a.example", "/x")).toEqual([2]);
  });

  test("a list of a condition that is empty is no candidate for anything", () => {
    expect(candidates(indexOf([[path()]], [[host()]]), "a.example", "/")).toEqual([]);
  });

  test("the very same list comes back for the same host and path", () => {
    const index = indexOf([[host("a.example"), path("/a")]], [[path("/*")]], [[host("*.example")]]);
    expect(candidates(index, "a.example", "/a")).toBe(candidates(index, "a.example", "/a"));
  });

  test("names of a prototype are hosts and paths like any other", () => {
    const index = indexOf([[host("__proto__"), path("/constructor")]]);
    expect(candidates(index, "__proto__", "/constructor")).toEqual([0]);
    expect(["constructor", "tostring", "hasownproperty"].flatMap((name) => candidates(index, name, "/"))).toEqual([]);
  });
});

test("readsPath is true where some route looks at the path", () => {
  expect(indexOf([[host("a.example")]], [[path("*")]]).readsPath).toBe(false);
  expect(indexOf([[host("a.example")]], [[{ type: "not", sets: [[path("/a")]] }]]).readsPath).toBe(true);
});

test("says why a route does not match", () => {
  const index = indexOf([[host("a.example"), path("/a")]]);
  expect(index.mismatch(0, factsOf({ path: "/b" }))).toBe("the path /b is not /a");
  expect(index.mismatch(0, factsOf({ path: "/a" }))).toBeUndefined();
});

describe("the size of a configuration", () => {
  test("thousands of hosts times hundreds of paths stay small, whatever is asked for", () => {
    const hosts = Array.from({ length: 3000 }, (_, n) => [[host(`h${n}.example`), path("/*")]]);
    const paths = Array.from({ length: 200 }, (_, n) => [[path(`/p${n}*`)], [path("*.x")]]);
    const index = indexOf(...hosts, ...paths);
    Bun.gc(true);
    const before = process.memoryUsage().heapUsed;
    let asked = 0;
    for (let h = 0; h < 3000; h += 3) {
      for (let p = 0; p < 200; p += 5)
        asked += index.candidates(factsOf({ hostname: `h${h}.example`, path: `/p${p}/q` })).length;
    }
    Bun.gc(true);
    expect(asked).toBe(1000 * 40 * 201);
    expect(index.length).toBe(3200);
    // Remembering every list would take 64 MB.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(16_000_000);
    expect(index.candidates(factsOf({ hostname: "h0.example", path: "/p0/q" }))).toHaveLength(201);
  });

  test("a long chain of prefixes is built and read in time", async () => {
    const building = (): number => {
      const started = performance.now();
      const index = indexOf(...Array.from({ length: 2000 }, (_, n) => [[path(`/${"a".repeat(n)}*`)]]));
      expect(index.candidates(factsOf({ path: `/${"a".repeat(3000)}` }))).toHaveLength(2000);
      expect(index.candidates(factsOf({ path: `/${"a".repeat(10)}` }))).toHaveLength(11);
      return performance.now() - started;
    };
    expect(await bestOf(2000, building)).toBeLessThan(2000);
  });

  test("many hosts times many paths in one route are found by host", () => {
    const names = Array.from({ length: 300 }, (_, n) => `h${n}.example`);
    const index = indexOf([[host(...names), path(...names.map((name) => `/${name}`))]]);
    expect(first(index, factsOf({ hostname: "h7.example", path: "/h8.example" }))).toBe(0);
    expect(first(index, factsOf({ hostname: "h7.example", path: "/x" }))).toBeUndefined();
    expect(index.candidates(factsOf({ hostname: "h7.example", path: "/x" }))).toEqual([0]);
  });
});

describe("the first route that is found is the first that matches", () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])("for random routes and requests (%i)", (seed) => {
    const dice = new Dice(seed);
    for (let round = 0; round < 40; round++) {
      const routes = Array.from({ length: dice.below(30) }, () => randomMatch(dice));
      const index = indexOf(...routes);
      const matchers = routes.map((match) => compileMatch(match));
      for (let request = 0; request < 60; request++) {
        const facts = factsOf({
          hostname: dice.one(HOSTNAMES),
          path: randomPath(dice),
          method: dice.one(["GET", "POST"]),
        });
        const walked = matchers.findIndex((matcher) => matcher.matches(facts));
        const found = first(index, facts) ?? -1;
        if (found !== walked) {
          expect({ routes: JSON.stringify(routes), path: facts.path, hostname: facts.hostname, found }).toEqual({
            routes: JSON.stringify(routes),
            path: facts.path,
            hostname: facts.hostname,
            found: walked,
          });
        }
        const numbers = index.candidates(facts);
        expect(numbers.every((number, at) => at === 0 || (numbers[at - 1] ?? 0) < number)).toBe(true);
      }
    }
  });
});

const HOSTS = ["a.example", "b.example", "*.example", "a.*", "*", "*.*", "x.a.example", "*.a.*", "[::1]", "__proto__"];
const HOSTNAMES = ["a.example", "b.example", "c.example", "x.a.example", "y.a.example", "z", "[::1]", "", "__proto__"];
const PIECES = ["/", "/", "/", "a", "b", "A", "ab", "%2f", "%41", "//", ".", "..", "%2e", ".php", "%C3%BC", "%25"];
const PATTERNS = [...PIECES, "*", "*", "?", "[a-b]", "ü"];

function randomText(dice: Dice, pieces: readonly string[]): string {
  return Array.from({ length: dice.below(5) }, () => dice.one(pieces)).join("");
}

function randomPath(dice: Dice): string {
  return `/${randomText(dice, PIECES)}`;
}

function randomMatch(dice: Dice): readonly MatcherSet[] {
  return Array.from({ length: dice.one([0, 1, 1, 1, 1, 2, 3]) }, () =>
    Array.from({ length: dice.one([0, 1, 1, 2, 2, 3]) }, () => randomMatcher(dice, 2)),
  );
}

function randomMatcher(dice: Dice, depth: number): MatcherConfig {
  const some = (make: () => string): string[] => Array.from({ length: dice.one([0, 1, 1, 1, 2, 4]) }, make);
  const kinds = [
    "host",
    "host",
    "path",
    "path",
    "path",
    "path",
    "context",
    "regexp",
    "method",
    depth > 0 ? "not" : "host",
  ];
  switch (dice.one(kinds)) {
    case "host":
      return host(...some(() => dice.one(HOSTS)));
    case "context":
      return context(dice.one(["segments", "prefix"]), randomPath(dice));
    case "regexp":
      return { type: "path_regexp", regexp: { name: undefined, pattern: dice.one(["^/a", "b$", "/"]) } };
    case "method":
      return method("POST");
    case "not":
      return { type: "not", sets: [[randomMatcher(dice, depth - 1)]] };
    default:
      return path(...some(() => `${dice.one(["/", "/", "/", ""])}${randomText(dice, PATTERNS)}`));
  }
}
