import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { compile, currentCommit, ROOT } from "../compile.ts";
import { caddy, floor, gatekeeper, nginx, origin, type Contender } from "./contenders.ts";
import { loadTool } from "./load.ts";
import { runScenario, type Entrant } from "./rounds.ts";
import { caddyRouted, routed } from "./routed.ts";
import { freePort, listening, start } from "./processes.ts";
import { machine, rowsOf, table, type Measured, type Row } from "./report.ts";
import { SCENARIOS, type Scenario } from "./scenarios.ts";

const PROXY_CORE = 0;
const LOAD_CORE = 1;
/** With more than this running beforehand, the figures are those of a shared machine. */
const QUIET_LOAD = 0.5;

const USAGE = `Usage: bun run bench [options]

Every contender stands before the same origin, in alternating rounds of one run: the proxy on core ${PROXY_CORE}, load and
origin on core ${LOAD_CORE}.

--quick              3 rounds of 1 s instead of 5 rounds of 4 s
--rounds N           number of rounds
--seconds N          length of a round
--scenario NAME      repeatable; one of ${SCENARIOS.map(({ name }) => name).join(", ")}, or all
--contender NAME     repeatable; run these alone (gatekeeper, floor, caddy, nginx, direct)
--binary [NAME=]FILE repeatable; executables to compare instead of one built from this source
--json FILE          where the result goes (default bench-results/latest.json)
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

function chosenScenarios(names: readonly string[] | undefined): readonly Scenario[] {
  if (names === undefined) return SCENARIOS.filter(({ byDefault }) => byDefault);
  if (names.includes("all")) return SCENARIOS;
  return names.map((name) => {
    const scenario = SCENARIOS.find((known) => known.name === name);
    if (scenario === undefined) throw new Error(`unknown scenario ${name}\n\n${USAGE}`);
    return scenario;
  });
}

/** The executables to compare: those named, or one built now, so that what is timed is this source. */
async function gatekeepers(binaries: readonly string[], dir: string): Promise<readonly Contender[]> {
  if (binaries.length === 0) {
    const outfile = join(dir, "bin/gatekeeper");
    await compile({ outfile, commit: await currentCommit() });
    return [await gatekeeper("gatekeeper", outfile)];
  }
  return Promise.all(
    binaries.map((binary, index) => {
      const [name, file] = binary.includes("=") ? (binary.split("=") as [string, string]) : [undefined, binary];
      return gatekeeper(name ?? (index === 0 ? "gatekeeper" : `gatekeeper-${index + 1}`), resolve(file));
    }),
  );
}

async function contenders(chosen: Options, dir: string): Promise<readonly Contender[]> {
  const named = chosen.contender;
  const wanted = (name: string): boolean => named === undefined || named.some((one) => name.startsWith(one));
  const own = wanted("gatekeeper") ? await gatekeepers(chosen.binary, dir) : [];
  const others = await Promise.all([floor(), caddy(), nginx()]);
  return [...own, ...others.filter(({ name }) => wanted(name))];
}

/** The same programs before few routes and before many. */
async function routedContenders(chosen: Options, dir: string): Promise<readonly Contender[]> {
  const wanted = (name: string): boolean => chosen.contender?.some((one) => name.startsWith(one)) ?? true;
  const [own] = wanted("gatekeeper") ? await gatekeepers(chosen.binary, dir) : [];
  const binary = chosen.binary[0]?.split("=").at(-1) ?? join(dir, "bin/gatekeeper");
  const ours = own === undefined ? [] : routed(own, resolve(binary));
  return wanted("caddy") ? [...ours, ...caddyRouted(await caddy())] : ours;
}

async function run(chosen: Options, dir: string): Promise<number> {
  await using cleanup = new AsyncDisposableStack();
  process.once("SIGINT", () => void cleanup.disposeAsync().finally(() => process.exit(130)));
  const notes: string[] = [];
  const about = machine();
  if (about.loadBefore > QUIET_LOAD) notes.push(`the machine was busy before the start: load ${about.loadBefore}`);
  const canPin = Bun.which("taskset") !== null && cpus().length > LOAD_CORE;
  if (!canPin) notes.push("cores were not pinned: that takes taskset and two cores");
  const [proxyCore, loadCore] = canPin ? [PROXY_CORE, LOAD_CORE] : [undefined, undefined];
  const load = await loadTool(dir, loadCore);
  if (load === undefined) throw new Error("needs wrk or hey");
  if (load.name !== "wrk") notes.push(`load by ${load.name}, which adds header fields of its own`);

  const place = async (contender: Contender, core: number | undefined, originPort: number): Promise<Entrant> => {
    const port = freePort();
    const own = join(dir, contender.name);
    await mkdir(own);
    const command = await contender.command({ port, originPort, dir: own });
    const environment = { XDG_DATA_HOME: own, XDG_CONFIG_HOME: own, ...contender.env };
    const running = cleanup.use(start({ command, core, cwd: own, env: environment }));
    await listening(running, port);
    return { name: contender.name, version: contender.version ?? "unknown", port, running };
  };
  const source = await place(await origin(), loadCore, 0);
  notes.push(`origin: ${source.version}`);

  const entrants: Entrant[] = [];
  for (const contender of await contenders(chosen, dir)) {
    if (contender.version === undefined) notes.push(`${contender.name} is not installed here`);
    else entrants.push(await place(contender, proxyCore, source.port));
  }
  if (chosen.contender === undefined || chosen.contender.includes("direct")) {
    entrants.push({ ...source, name: "direct" });
  }
  for (const { name, version } of entrants) console.log(`${name}: ${version}`);

  const scenarios = chosenScenarios(chosen.scenario);
  const routedEntrants: Entrant[] = [];
  if (scenarios.some(({ field }) => field === "routes")) {
    for (const contender of await routedContenders(chosen, dir)) {
      if (contender.version !== undefined) routedEntrants.push(await place(contender, proxyCore, source.port));
    }
  }

  const results: { scenario: string; rows: readonly Row[]; measured: readonly Measured[] }[] = [];
  for (const scenario of scenarios) {
    const field = scenario.field === "routes" ? routedEntrants : entrants;
    const measured = await runScenario({
      scenario,
      entrants: field,
      load,
      rounds: chosen.rounds,
      seconds: chosen.seconds,
    });
    const rows = rowsOf(measured);
    console.log(table(scenario, rows));
    results.push({ scenario: scenario.name, rows, measured });
  }
  for (const note of notes) console.log(`note: ${note}`);
  const file = resolve(chosen.json);
  await mkdir(dirname(file), { recursive: true });
  const setting = { date: new Date().toISOString(), machine: about, load: load.name, notes };
  await Bun.write(
    file,
    `${JSON.stringify({ ...setting, rounds: chosen.rounds, seconds: chosen.seconds, results }, null, 2)}\n`,
  );
  console.log(`written to ${file}`);
  return results.some(({ rows }) => rows.some(({ marks }) => marks.some((mark) => /FAILED|NOT/.test(mark)))) ? 1 : 0;
}

const chosen = options();
if (chosen.help) {
  console.log(USAGE);
} else if (process.platform !== "linux") {
  console.error("bench reads /proc and runs on Linux alone");
  process.exitCode = 2;
} else {
  const dir = await mkdtemp(join(tmpdir(), "gatekeeper-bench-"));
  try {
    process.exitCode = await run(chosen, dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
