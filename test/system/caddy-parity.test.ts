import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { type Case, readCases } from "./caddyfiles/cases.ts";
import { unproven } from "./caddyfiles/claims.ts";
import { differencesOf, show } from "./caddyfiles/facts.ts";
import { INTENDED, type IntendedName } from "./caddyfiles/intended/all.ts";
import type { Intended } from "./caddyfiles/intended/intended.ts";
import { type ProxyName, startSide } from "./caddyfiles/side.ts";

// Each wait has a deadline of its own; this is for a test that hangs.
setDefaultTimeout(30_000);

const CASES = await readCases();
const NAMES = Object.keys(INTENDED) as IntendedName[];
/** What Caddy does not do the same twice. */
const CHANCE: readonly IntendedName[] = [
  "date field",
  "body too large",
  "value of a sticky cookie",
  "the origin of a hash",
];
const used = new Set<IntendedName>();
const judged = new Set<Case>();

/** Asks Caddy and another the same, and gives what differs without being meant to. */
async function compare(one: Case, other: ProxyName, intended: readonly IntendedName[]): Promise<string> {
  await using stack = new AsyncDisposableStack();
  const starting = [startSide("caddy", one), startSide(other, one)] as const;
  // Where one does not start, the other one is ended all the same.
  for (const side of await Promise.allSettled(starting)) if (side.status === "fulfilled") stack.use(side.value);
  const [caddy, ours] = await Promise.all(starting);
  const reports: string[] = [];
  for (const wire of one.wires) {
    const [caddyFacts, ourFacts] = await Promise.all([caddy.ask(wire), ours.ask(wire)]);
    const setting = { wire, caddy: caddyFacts, ours: ourFacts };
    const unexplained = differencesOf(caddyFacts, ourFacts).filter((difference) => {
      const name = intended.find((each) => (INTENDED[each] as Intended).covers(difference, setting));
      if (name !== undefined) used.add(name);
      return name === undefined;
    });
    // Of that nothing is learnt; only a handshake may be refused.
    if (wire.tls === undefined && caddyFacts.has("no answer")) reports.push(`${wire.line}\n  no answer from Caddy`);
    if (unexplained.length > 0) reports.push(show(wire.line, unexplained));
  }
  return reports.join("\n\n");
}

test("the files have everything that a Caddyfile may have here", () => {
  expect(unproven(CASES)).toEqual([]);
});

describe("Debian's Caddy does the same twice", () => {
  test.each(CASES.map((one) => [one.name, one] as const))("%s", async (_, one) => {
    expect(await compare(one, "caddy", CHANCE)).toBe("");
  });
});

describe("gatekeeper does what Debian's Caddy does", () => {
  test.each(CASES.map((one) => [one.name, one] as const))("%s", async (_, one) => {
    judged.add(one);
    expect(await compare(one, "gatekeeper", NAMES)).toBe("");
  });
});

test("every difference that is meant is met by some request", () => {
  // A run of some files only proves nothing about what the others need.
  if (judged.size < CASES.length) return;
  expect(NAMES.filter((name) => !used.has(name))).toEqual([]);
});
