import { isWorkerProcess } from "./process/worker-role.ts";

if (isWorkerProcess()) {
  const { runWorkerProcess } = await import("./process/worker-main.ts");
  runWorkerProcess();
} else {
  const { runCommandLine } = await import("./cli/main.ts");
  // process.argv is the same in a run from source and in the executable: runtime, script, then the words.
  process.exitCode = await runCommandLine(process.argv.slice(2));
}
