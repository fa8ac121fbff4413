import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { parseDuration } from "../../src/core/units.ts";
import { compile, currentCommit } from "../compile.ts";
import { faultsOf, reportOf } from "./report.ts";
import { soak } from "./soak.ts";

const USAGE = `Usage: bun run soak [options]

The executable under a mix of traffic for a while, on loopback alone, with upstreams that crash, configurations that are
reloaded, and workers that are killed. At the end every checksum was right, memory has not grown, and nothing is left open.

--time DUR     how long the load lasts (default 60s)
--threads N    workers (default 2); workers are killed where there are several
--seed N       of all that is left to chance (default: another one each time)
--binary FILE  the executable, in place of one built from this source
--json FILE    where all figures go
`;

/** In a shorter one memory has not come to what it works with. */
const LEAST_MS = 60_000;

function options() {
  const { values } = parseArgs({
    options: {
      time: { type: "string", default: "60s" },
      threads: { type: "string", default: "2" },
      seed: { type: "string" },
      binary: { type: "string" },
      json: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const time = parseDuration(values.time);
  const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000));
  const threads = Number(values.threads);
  const faults = [
    ...(time.ok && time.value >= LEAST_MS ? [] : [`--time ${values.time}: 60s or more is expected`]),
    ...(Number.isInteger(threads) && threads > 0
      ? []
      : [`--threads ${values.threads}: a number from 1 on is expected`]),
    ...(Number.isInteger(seed) ? [] : [`--seed ${values.seed}: a whole number is expected`]),
  ];
  return { ...values, timeMs: time.ok ? time.value : 0, seed, threads, faults };
}

async function run(chosen: ReturnType<typeof options>, dir: string): Promise<number> {
  const binary = resolve(chosen.binary ?? join(dir, "gatekeeper"));
  if (chosen.binary === undefined) await compile({ outfile: binary, commit: await currentCommit() });
  const { timeMs, threads, seed } = chosen;
  console.log(`soaking ${binary} for ${timeMs / 1000} s, ${threads} worker(s), --seed ${seed}`);
  const soaked = await soak({ binary, dir, timeMs, threads, seed });
  const faults = faultsOf(soaked);
  for (const line of reportOf(soaked)) console.log(line);
  if (chosen.json !== undefined) {
    await Bun.write(resolve(chosen.json), `${JSON.stringify({ ...soaked, faults }, null, 2)}\n`);
  }
  return faults.length === 0 ? 0 : 1;
}

const chosen = options();
if (chosen.help) {
  console.log(USAGE);
} else if (process.platform !== "linux") {
  console.error("soak reads /proc and runs on Linux alone");
  process.exitCode = 2;
} else if (chosen.faults.length > 0) {
  for (const fault of chosen.faults) console.error(`soak: ${fault}`);
  process.exitCode = 2;
} else {
  const dir = await mkdtemp(join(tmpdir(), "gatekeeper-soak-"));
  try {
    process.exitCode = await run(chosen, dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
