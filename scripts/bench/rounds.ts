import { checkAnswer } from "./check.ts";
import type { LoadTool } from "./load.ts";
import { cpuSeconds, type Running } from "./processes.ts";
import type { Measured, Round } from "./report.ts";
import type { Scenario } from "./scenarios.ts";

/** A contender that is up and can be put under load. */
export interface Entrant {
  readonly name: string;
  readonly version: string;
  readonly port: number;
  readonly running: Running;
}

export interface ScenarioRun {
  readonly scenario: Scenario;
  readonly entrants: readonly Entrant[];
  readonly load: LoadTool;
  readonly rounds: number;
  readonly seconds: number;
}

/** Checks every contender's answer, warms each up, then times them in turn, each round in another order. */
export async function runScenario(run: ScenarioRun): Promise<readonly Measured[]> {
  const { scenario, entrants, load } = run;
  const wrong = new Map<Entrant, readonly string[]>();
  for (const entrant of entrants) wrong.set(entrant, await checkAnswer(scenario, entrant.port));
  const fit = entrants.filter((entrant) => wrong.get(entrant)?.length === 0);
  for (const { port } of fit) await load.run(scenario, port, Math.min(run.seconds, 2));

  const rounds = new Map<Entrant, Round[]>(entrants.map((entrant) => [entrant, []]));
  for (let round = 0; round < run.rounds; round++) {
    const order = [...fit.slice(round % fit.length), ...fit.slice(0, round % fit.length)];
    for (const entrant of order) rounds.get(entrant)?.push(await timed(run, entrant));
    process.stderr.write(`${scenario.name}: round ${round + 1} of ${run.rounds}\r`);
  }
  process.stderr.write("\n");
  return entrants.map((entrant) => ({
    contender: entrant.name,
    version: entrant.version,
    wrong: wrong.get(entrant) ?? [],
    rounds: rounds.get(entrant) ?? [],
  }));
}

async function timed(run: ScenarioRun, entrant: Entrant): Promise<Round> {
  const before = await cpuSeconds(entrant.running.pid);
  const seen = await Promise.race([run.load.run(run.scenario, entrant.port, run.seconds), entrant.running.died]);
  const used = (await cpuSeconds(entrant.running.pid)) - before;
  return { ...seen, cpuSeconds: used, requestsPerSecond: seen.requests / seen.seconds };
}
