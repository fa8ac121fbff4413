import { checkAnswer } from "./check.ts";
import type { Contender } from "./contenders/contender.ts";
import type { Figures } from "./figures.ts";
import { burst, events, handshakes, http2, messages, rate } from "./load/programs.ts";
import { requests } from "./load/requests.ts";
import type { LoadResult } from "./load/result.ts";
import { socketsWithin } from "./limits.ts";
import { idleSocketBytes, memoryBytes } from "./memory.ts";
import { cpuSeconds, listening, type Running } from "./processes.ts";
import { type Load, REAL_CLIENT, type Scenario } from "./scenarios.ts";

/** A contender that is up, or can be started again. */
export interface Entrant {
  readonly contender: Contender;
  readonly port: number;
  /** Undefined for the origin without a proxy before it. */
  readonly running: Running | undefined;
  /** Starts it afresh on a port of its own. */
  readonly restart: () => Promise<{ readonly running: Running; readonly port: number }>;
}

export interface Round {
  readonly figures: Figures;
  readonly errors: number;
}

export interface Measured {
  readonly contender: string;
  readonly version: string;
  /** Empty when its answer was as it should be; otherwise why it was not timed. */
  readonly wrong: readonly string[];
  readonly rounds: readonly Round[];
}

export interface ScenarioRun {
  readonly scenario: Scenario;
  readonly entrants: readonly Entrant[];
  readonly rounds: number;
  readonly seconds: number;
  readonly loadCore: number | undefined;
  readonly dir: string;
}

/** Memory of sockets is looked at so often: it takes long, and hardly changes. */
const MEMORY_ROUNDS = 1;

/** Checks every contender's answer, warms each up, then times them in turn, each round in another order. */
export async function runScenario(run: ScenarioRun): Promise<readonly Measured[]> {
  const { scenario, entrants } = run;
  const wrong = new Map<Entrant, readonly string[]>();
  for (const entrant of entrants) {
    const words = (error: unknown): readonly string[] => [error instanceof Error ? error.message : String(error)];
    wrong.set(entrant, await checkAnswer(scenario, entrant.port).catch(words));
  }
  const fit = entrants.filter((entrant) => wrong.get(entrant)?.length === 0);
  const runs = new Map<Entrant, ScenarioRun>();
  for (const entrant of fit) runs.set(entrant, takesWarming(scenario) ? await warmed(run, entrant) : run);

  const count = scenario.load.type === "idle_sockets" ? MEMORY_ROUNDS : run.rounds;
  const rounds = new Map<Entrant, Round[]>(entrants.map((entrant) => [entrant, []]));
  for (let round = 0; round < count; round++) {
    const order = [...fit.slice(round % fit.length), ...fit.slice(0, round % fit.length)];
    for (const entrant of order) rounds.get(entrant)?.push(await timed(runs.get(entrant) ?? run, entrant, run.seconds));
    process.stderr.write(`${scenario.name}: round ${round + 1} of ${count}\r`);
  }
  process.stderr.write("\n");
  return entrants.map((entrant) => ({
    contender: entrant.contender.name,
    version: entrant.contender.version ?? "unknown",
    wrong: wrong.get(entrant) ?? [],
    rounds: rounds.get(entrant) ?? [],
  }));
}

/** Warms a contender up. Gives what it is timed by: with half of what it can do in the place of "half". */
async function warmed(run: ScenarioRun, entrant: Entrant): Promise<ScenarioRun> {
  const { scenario } = run;
  const { load } = scenario;
  const seconds = Math.min(run.seconds, 2);
  if (load.type !== "rate" || load.perSecond !== "half") {
    await timed(run, entrant, seconds);
    return run;
  }
  const { bytes, connections } = load;
  const full: Load = { type: "requests", path: "/", bytes, connections, fields: REAL_CLIENT };
  const fullRun = { ...run, scenario: { ...scenario, load: full } };
  // Cold it can do less.
  await timed(fullRun, entrant, seconds);
  const { figures } = await timed(fullRun, entrant, seconds);
  const perSecond = Math.round((figures.perSecond ?? 0) / 2);
  return { ...run, scenario: { ...scenario, load: { ...load, perSecond } } };
}

function takesWarming({ load: { type } }: Scenario): boolean {
  return type !== "idle_sockets" && type !== "start";
}

async function timed(run: ScenarioRun, entrant: Entrant, seconds: number): Promise<Round> {
  const { load } = run.scenario;
  if (load.type === "start") return await started(entrant);
  const { running, port } = entrant;
  if (load.type === "idle_sockets") {
    if (running === undefined) return { figures: {}, errors: 0 };
    const sockets = socketsWithin(load.count);
    const idling = { port, count: sockets, core: run.loadCore };
    const { bytesEach, idleBytes, errors } = await idleSocketBytes(running.pid, idling);
    return { figures: { bytesEach, idleBytes, sockets }, errors };
  }
  const before = running === undefined ? 0 : await cpuSeconds(running.pid);
  const loading = makeLoad(run, port, seconds);
  const seen = await (running === undefined ? loading : Promise.race([loading, running.died]));
  const used = running === undefined ? 0 : (await cpuSeconds(running.pid)) - before;
  const { units, errors, p50Ms, p99Ms, p999Ms } = seen;
  return {
    errors,
    figures: {
      perSecond: units / seen.seconds,
      ...(running !== undefined && { perCpuSecond: units / used, cpu: used / seen.seconds }),
      ...(p50Ms !== undefined && { p50Ms }),
      ...(p99Ms !== undefined && { p99Ms }),
      ...(p999Ms !== undefined && { p999Ms }),
    },
  };
}

function makeLoad({ scenario, loadCore: core, dir }: ScenarioRun, port: number, seconds: number): Promise<LoadResult> {
  const { load, setup } = scenario;
  const target = { port, seconds, core };
  switch (load.type) {
    case "requests":
      return requests(load, { ...target, dir, isTls: setup.downstream !== "plain" });
    case "burst":
      return burst(load, target);
    case "http2":
      return http2(load, target);
    case "rate":
      if (load.perSecond === "half") throw new Error("half of what is not known yet");
      return rate(load.perSecond, load, target);
    case "handshakes":
      return handshakes(load, target);
    case "messages":
      return messages(load, target);
    case "events":
      return events(load, target);
    case "idle_sockets":
    case "start":
      throw new Error(`${load.type} is no load`);
    default:
      return load satisfies never;
  }
}

async function started(entrant: Entrant): Promise<Round> {
  const began = performance.now();
  const { running, port } = await entrant.restart();
  await using _ = running;
  await listening(running, port);
  const startMs = performance.now() - began;
  return { figures: { startMs, memoryBytes: await memoryBytes(running.pid) }, errors: 0 };
}
