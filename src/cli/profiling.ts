import { accessSync, constants } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Log } from "../observe/log.ts";
import type { CpuProfiling } from "../process/cpu-profiling.ts";
import type { Stoppable } from "../process/signals.ts";
import type { Supervisor } from "../process/supervisor.ts";
import { writeProfiles } from "./profile-files.ts";

/** Profiles all workers from now on, for `--cpu-profile`. @returns what signals stop: first the profile is written */
export async function profiled(
  worker: Supervisor,
  { profiling, file, log }: { readonly profiling: CpuProfiling; readonly file: string; readonly log: Log },
): Promise<Stoppable> {
  // Now, not at the end, when what was sampled would be lost.
  const refusal = folderFault(dirname(resolve(file))) ?? (await profiling.begin());
  if (refusal !== undefined) {
    log.warn("no CPU profile", { reason: refusal });
    return worker;
  }
  log.info("profiling what workers compute with", { file });
  const write = async (): Promise<void> => {
    try {
      const files = await writeProfiles(file, await profiling.end());
      log.info("CPU profile is written", { files: files.join(", ") });
    } catch (error) {
      log.error("the CPU profile cannot be written", { file, reason: String(error) });
    }
  };
  return {
    get open() {
      return worker.open;
    },
    reopenLogs: () => worker.reopenLogs(),
    drain: async (hurry, successor) => {
      await write();
      return await worker.drain(hurry, successor);
    },
    stop: async () => {
      await write();
      await worker.stop();
    },
  };
}

function folderFault(path: string): string | undefined {
  try {
    accessSync(path, constants.W_OK);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
