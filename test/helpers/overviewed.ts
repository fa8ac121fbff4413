import type { Config } from "../../src/config/model.ts";
import { Overview } from "../../src/process/overview.ts";
import { PastReloads } from "../../src/process/past-reloads.ts";
import { startSupervised, type Supervised } from "./supervised.ts";

/** The real proxy with its supervisor and what is known of it, in this process. */
export interface Overviewed extends Supervised {
  readonly overview: Overview;
  readonly past: PastReloads;
}

export async function startOverviewed(config: Config): Promise<Overviewed> {
  const supervised = await startSupervised(config);
  const past = new PastReloads();
  const { supervisor } = supervised;
  const overview = new Overview({ supervisor, reloader: { past }, version: "0.0.0", everyMs: 50 });
  return {
    ...supervised,
    get port() {
      return supervised.port;
    },
    overview,
    past,
    async [Symbol.asyncDispose]() {
      overview[Symbol.dispose]();
      await supervised[Symbol.asyncDispose]();
    },
  };
}

/** The value of one sample; undefined where it is not told. @param sample with its labels, as it stands in the text */
export function sampleIn(text: string, sample: string): number | undefined {
  const line = text.split("\n").find((each) => each.startsWith(`${sample} `));
  return line === undefined ? undefined : Number(line.slice(sample.length + 1));
}

/** Waits for what comes of itself a moment later. */
export async function untilSo(isSo: () => Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + 10_000;
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`waited 10 s for ${what}`);
    await Bun.sleep(10);
  }
}
