import { type RunningProcess } from "../process/control-client.ts";
import type { Invocation } from "./argv.ts";
import { EXIT_NOT_SERVING, EXIT_OK, EXIT_UNWELL, EXIT_WHICH_PROCESS } from "./exit.ts";
import { meantProcess } from "./meant-process.ts";
import { print } from "./output.ts";
import { findRunning } from "./running-process.ts";
import { ailments, statusText } from "./status-text.ts";

/** Says how the running process does. Gives the exit code, by which something that watches it can tell. */
export async function status(invocation: Invocation): Promise<number> {
  const found = await findRunning(invocation, await meantProcess(invocation));
  switch (found.type) {
    case "refused":
      return found.exitCode;
    case "several":
      process.stderr.write(`gatekeeper: ${found.reason}\n`);
      return EXIT_WHICH_PROCESS;
    case "none":
      process.stderr.write(`gatekeeper: ${found.reason}\n`);
      return EXIT_NOT_SERVING;
    case "running":
      print(statusText(found.process, Date.now()));
      return exitCodeOf(found.process);
  }
}

function exitCodeOf(running: RunningProcess): number {
  if (!running.workers.some(({ isServing, open }) => isServing && open !== undefined)) return EXIT_NOT_SERVING;
  return ailments(running).length === 0 ? EXIT_OK : EXIT_UNWELL;
}
