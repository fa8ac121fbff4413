import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { compile, currentCommit, ROOT } from "../compile.ts";
import { caddy } from "./contenders/caddy.ts";
import type { Contender } from "./contenders/contender.ts";
import { floor } from "./contenders/floor.ts";
import { gatekeeper } from "./contenders/gatekeeper.ts";
import { haproxy } from "./contenders/haproxy.ts";
import { nginx } from "./contenders/nginx.ts";
import { nodeProxies } from "./contenders/node.ts";
import { chart, type Result } from "./chart.ts";
import { type Cores, Field } from "./field.ts";
import { requestsTool } from "./load/requests.ts";
import { raiseFileLimit } from "./limits.ts";
import { machine, rowsOf, table } from "./report.ts";
import { type Measured, runScenario } from "./rounds.ts";
import { SCENARIOS, type Scenario } from "./scenarios.ts";

const PROXY_CORE = 0;
const LOAD_CORE = 1;
/** With more than this running beforehand, the figures are those of a shared machine. */
const QUIET_LOAD = 0.5;
/** With fewer, the origin and the load take from each other, and two workers from both. */
const WANTED_CORES = 4;

const USAGE = `Usage: bun run bench [options]

Every contender stands before the same origin, in alternating rounds of one run: the proxy on core ${PROXY_CORE}, load and
origin on core ${LOAD_CORE}. Answers are checked before anything is timed.

--quick              the scenarios that matter most, 3 rounds of 1 s: under three minutes
--rounds N           number of rounds (default 5)
--seconds N          length of a round (default 4)
--scenario NAME      repeatable; one of ${SCENARIOS.map(({ name }) => name).join(", ")}
--contender NAME     repeatable; run these alone (gatekeeper, gatekeeper-2, floor, caddy, nginx, haproxy, http-proxy-3,
                     fast-proxy, direct)
--binary [NAME=]FILE repeatable; executables to compare instead of one built from this source
--json FILE          where the result goes (default bench-results/latest.json)
--svg FILE           where the chart goes (default bench-results/latest.svg)
`;

function options() {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      rounds: { type: "string" },
      seconds: { type: "string" },
      scenario: { type: "string", multiple: true },
      contender: { type: "string", multiple: true },
      binary: { type: "string", multiple: true, default: [] },
      json: { type: "string", default: join(ROOT, "bench-results/latest.json") },
      svg: { type: "string", default: join(ROOT, "bench-results/latest.svg") },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  return {
    ...values,
    rounds: Number(values.rounds ?? (values.quick ? 3 : 5)),
    seconds: Number(values.seconds ?? (values.quick ? 1 : 4)),
  };
}

type Options = ReturnType<typeof options>;

function chosenScenarios({ scenario: names, quick }: Options): readonly Scenario[] {
  if (names === undefined) return quick ? SCENARIOS.filter(({ isQuick }) => isQuick === true) : SCENARIOS;
  return names.map((name) => {
    const scenario = SCENARIOS.find((known) => known.name === name);
    if (scenario === undefined) throw new Error(`unknown scenario ${name}\n\n${USAGE}`);
    return scenario;
  });
}

/** Named executables, or one built now, so that what is timed is this source; that one with two workers, too. */
async function gatekeepers(binaries: readonly string[], dir: string): Promise<readonly Contender[]> {
  if (binaries.length === 0) {
    const outfile = join(dir, "bin/gatekeeper");
    await compile({ outfile, commit: await currentCommit() });
    return [await gatekeeper("gatekeeper", outfile, 1), await gatekeeper("gatekeeper-2", outfile, 2)];
  }
  return Promise.all(
    binaries.map((binary, index) => {
      const [name, file] = binary.includes("=") ? (binary.split("=") as [string, string]) : [undefined, binary];
      return gatekeeper(name ?? (index === 0 ? "gatekeeper" : `gatekeeper-${index + 1}`), resolve(file), 1);
    }),
  );
}

async function contendersOf({ contender: named, binary, quick }: Options, dir: string): Promise<readonly Contender[]> {
  const isNamed = (name: string): boolean => named === undefined || named.includes(name);
  const wantsOwn = named === undefined || named.some((name) => name.startsWith("gatekeeper")) || binary.length > 0;
  const own = wantsOwn ? await gatekeepers(binary, dir) : [];
  const ours = binary.length > 0 ? own : own.filter(({ name }) => isNamed(name));
  const others = await Promise.all([floor(), caddy(), nginx(), haproxy()]);
  const wantsNode = named?.some((name) => name.endsWith("proxy") || name.startsWith("http-proxy")) ?? !quick;
  const node = wantsNode ? await nodeProxies() : [];
  return [...ours, ...[...others, ...node].filter(({ name }) => isNamed(name))];
}

function coresOf(notes: string[]): Cores {
  const count = cpus().length;
  if (Bun.which("taskset") === null || count <= LOAD_CORE) {
    notes.push("cores were not pinned: that takes taskset and two cores");
    return { proxy: undefined, load: undefined };
  }
  if (count < WANTED_CORES) {
    notes.push(
      `${count} cores: load and origin share one, and two workers share both with them; what counts is /CPU-s`,
    );
  }
  return { proxy: PROXY_CORE, load: LOAD_CORE };
}

async function run(chosen: Options, dir: string): Promise<number> {
  const notes: string[] = [];
  const about = machine();
  if (about.loadBefore > QUIET_LOAD) notes.push(`the machine was busy before the start: load ${about.loadBefore}`);
  const cores = coresOf(notes);
  const tool = requestsTool();
  if (tool === undefined) throw new Error("needs wrk or hey");
  if (tool !== "wrk") notes.push(`load by ${tool}, which adds header fields of its own`);
  notes.push(...raiseFileLimit());

  const contenders = await contendersOf(chosen, dir);
  for (const { name, version } of contenders) console.log(`${name}: ${version ?? "not installed here"}`);
  const direct = chosen.contender === undefined || chosen.contender.includes("direct");

  const results: (Result & { readonly measured: readonly Measured[] })[] = [];
  for (const scenario of chosenScenarios(chosen)) {
    try {
      const own = await mkdtemp(join(dir, `${scenario.name}-`));
      // Workers of nginx that root started run as another user.
      await chmod(own, 0o755);
      await using field = await Field.open(own, cores);
      const entrants = await field.entrants(scenario, contenders, direct);
      const { rounds, seconds } = chosen;
      const measured = await runScenario({ scenario, entrants, rounds, seconds, loadCore: cores.load, dir });
      const rows = rowsOf(scenario, measured);
      console.log(table(scenario, rows));
      results.push({ scenario, rows, measured });
    } catch (error) {
      notes.push(`NOT RUN: ${scenario.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  for (const note of notes) console.log(`note: ${note}`);
  await write(chosen, { date: new Date().toISOString(), machine: about, load: tool, notes, results });
  const marks = results.flatMap(({ rows }) => rows.flatMap((row) => row.marks));
  return [...marks, ...notes].some((mark) => /FAILED|NOT (?:TIMED|RUN)/.test(mark)) ? 1 : 0;
}

async function write(
  chosen: Options,
  whole: Readonly<Record<string, unknown>> & { readonly results: readonly Result[] },
): Promise<void> {
  const { rounds, seconds } = chosen;
  await mkdir(dirname(resolve(chosen.json)), { recursive: true });
  await Bun.write(resolve(chosen.json), `${JSON.stringify({ ...whole, rounds, seconds }, null, 2)}\n`);
  await mkdir(dirname(resolve(chosen.svg)), { recursive: true });
  await Bun.write(resolve(chosen.svg), chart(whole.results));
  console.log(`written to ${resolve(chosen.json)} and ${resolve(chosen.svg)}`);
}

const chosen = options();
if (chosen.help) {
  console.log(USAGE);
} else if (process.platform !== "linux") {
  console.error("bench reads /proc and runs on Linux alone");
  process.exitCode = 2;
} else {
  const dir = await mkdtemp(join(tmpdir(), "gatekeeper-bench-"));
  await chmod(dir, 0o755);
  try {
    process.exitCode = await run(chosen, dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
