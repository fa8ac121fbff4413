/**
 * What looking up a route costs, without sockets: `bun scripts/bench-routing.ts`. Checks every answer before it is timed, and
 * prints the best of several rounds in nanoseconds, since the machine can only add to it.
 */
import type { MatcherSet } from "../src/config/model.ts";
import type { RequestFacts } from "../src/routing/request-facts.ts";
import { RouteIndex } from "../src/routing/route-index.ts";

const ROUNDS = 15;
const LOOKUPS = 200_000;
/** Each with a path of its own, and made anew before each round, so that nothing is known about its strings. */
const REQUESTS = 1000;

interface Scenario {
  readonly name: string;
  readonly index: RouteIndex<number>;
  readonly hostname: string;
  readonly path: string;
  /** -1 for none. */
  readonly expected: number;
}

function request(hostname: string, path: string): RequestFacts {
  return {
    method: "GET",
    hostname: fresh(hostname),
    path: fresh(path),
    query: "",
    headers: new Headers(),
    secure: false,
    isUpgrade: false,
    remoteAddress: "192.0.2.1",
    clientAddress: "192.0.2.1",
    capture() {},
  };
}

/** The same text as a string that nothing has hashed or compared yet. */
function fresh(text: string): string {
  return Buffer.from(text).toString("latin1");
}

/** Ten paths to each host, as in a file of many services. */
function hostAndPath(count: number): RouteIndex<number> {
  return indexOf(
    Array.from({ length: count }, (_, n) => [
      [
        { type: "host", hosts: [hostOf(n)] },
        { type: "path", patterns: [`${pathOf(n)}/*`] },
      ],
    ]),
  );
}

const hostOf = (n: number): string => `host-${Math.floor(n / 10)}.example`;
const pathOf = (n: number): string => `/service-${n % 10}/api`;

function indexOf(matches: readonly (readonly MatcherSet[])[]): RouteIndex<number> {
  return new RouteIndex(matches.map((match, value) => ({ match, value })));
}

function scenarios(): readonly Scenario[] {
  const at = (n: number): { hostname: string; path: string; expected: number } => ({
    hostname: hostOf(n),
    path: `${pathOf(n)}/users/42`,
    expected: n,
  });
  const [ten, thousand, tenThousand] = [hostAndPath(10), hostAndPath(1000), hostAndPath(10_000)];
  const paths = indexOf(Array.from({ length: 1000 }, (_, n) => [[{ type: "path", patterns: [`/service-${n}/*`] }]]));
  const wildcards = indexOf(
    Array.from({ length: 1000 }, (_, n) => [
      [
        { type: "host", hosts: [`*.tenant-${n}.example`] },
        { type: "path", patterns: ["/api/*"] },
      ],
    ]),
  );
  const fallback = indexOf([
    ...Array.from({ length: 1000 }, (_, n): readonly MatcherSet[] => [
      [
        { type: "host", hosts: [hostOf(n)] },
        { type: "path", patterns: [`${pathOf(n)}/*`] },
      ],
    ]),
    [],
  ]);
  return [
    { name: "first of 10 (host and path)", index: ten, ...at(0) },
    { name: "last of 10", index: ten, ...at(9) },
    { name: "first of 1,000", index: thousand, ...at(0) },
    { name: "last of 1,000", index: thousand, ...at(999) },
    { name: "last of 10,000", index: tenThousand, ...at(9999) },
    { name: "last of 1,000 with a fallback for all", index: fallback, ...at(999) },
    {
      name: "last of 1,000 paths, no hosts",
      index: paths,
      hostname: "a.example",
      path: "/service-999/x",
      expected: 999,
    },
    {
      name: "wildcard host, last of 1,000",
      index: wildcards,
      hostname: "a.tenant-999.example",
      path: "/api/x",
      expected: 999,
    },
    {
      name: "no such host, of 10,000",
      index: tenThousand,
      hostname: "else.example",
      path: "/service-1/api/x",
      expected: -1,
    },
    {
      name: "no such path, of 10,000",
      index: tenThousand,
      hostname: hostOf(9999),
      path: "/service-x/api/x",
      expected: -1,
    },
    {
      name: "odd spelling, last of 1,000",
      index: thousand,
      hostname: hostOf(999),
      path: "//service-9/%41pi/./x",
      expected: 999,
    },
  ];
}

function find(index: RouteIndex<number>, facts: RequestFacts): number {
  for (const number of index.candidates(facts)) if (index.matches(number, facts)) return index.value(number);
  return -1;
}

/** Nanoseconds for each lookup. */
function round({ name, index, hostname, path, expected }: Scenario): number {
  const requests = Array.from({ length: REQUESTS }, (_, n) => request(hostname, `${path}/${n}`));
  let wrong = 0;
  const started = Bun.nanoseconds();
  for (let lookup = 0; lookup < LOOKUPS; lookup++) {
    const facts = requests[lookup % REQUESTS];
    if (facts === undefined || find(index, facts) !== expected) wrong++;
  }
  const took = Bun.nanoseconds() - started;
  if (wrong > 0) throw new Error(`${name}: ${wrong} wrong answers`);
  return took / LOOKUPS;
}

const all = scenarios();
const best = all.map(() => Number.POSITIVE_INFINITY);
// Scenarios take turns, so that what slows the machine down for a while does not fall on one of them.
for (let turn = 0; turn < ROUNDS; turn++) {
  for (const [at, scenario] of all.entries()) best[at] = Math.min(best[at] ?? 0, round(scenario));
}
for (const [at, { name }] of all.entries())
  console.log(`${name.padEnd(40)} ${(best[at] ?? 0).toFixed(0).padStart(6)} ns`);
