import type { Config } from "../../src/config/model.ts";
import { Administration } from "../../src/process/administration.ts";
import { PastReloads } from "../../src/process/past-reloads.ts";
import type { ReloadReport } from "../../src/process/reloader.ts";
import { startSupervised, type Supervised } from "./supervised.ts";

/** The real proxy with its supervisor and what looks after it, in this process. */
export interface Administered extends Supervised {
  readonly administration: Administration;
  readonly past: PastReloads;
  /** How often a drain was asked for. */
  readonly drains: () => number;
}

export async function startAdministered(config: Config): Promise<Administered> {
  const supervised = await startSupervised(config);
  const past = new PastReloads();
  let drains = 0;
  const reload = async (): Promise<ReloadReport> => {
    await supervised.supervisor.reload(config);
    past.note(Date.now(), undefined);
    return { isReloaded: true, summary: "nothing changed", problems: [] };
  };
  const administration = new Administration({
    supervisor: supervised.supervisor,
    reloader: { past, reload },
    drain: () => void drains++,
    version: "0.0.0",
  });
  return {
    ...supervised,
    get port() {
      return supervised.port;
    },
    administration,
    past,
    drains: () => drains,
    async [Symbol.asyncDispose]() {
      administration[Symbol.dispose]();
      await supervised[Symbol.asyncDispose]();
    },
  };
}

/** The value of one sample; undefined where it is not told. @param sample with its labels, as it stands in the text */
export function sampleIn(text: string, sample: string): number | undefined {
  const line = text.split("\n").find((each) => each.startsWith(`${sample} `));
  return line === undefined ? undefined : Number(line.slice(sample.length + 1));
}
