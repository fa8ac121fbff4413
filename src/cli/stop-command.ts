import { Ending } from "../process/ending.ts";
import type { Invocation } from "./argv.ts";
import { EXIT_NOT_DONE, EXIT_OK, EXIT_WHICH_PROCESS } from "./exit.ts";
import { meantProcess } from "./meant-process.ts";
import { print } from "./output.ts";
import { findRunning } from "./running-process.ts";

/** Has the running process drain and end, or with `--now` end at once, and waits until it has. Gives the exit code. */
export async function stop(invocation: Invocation): Promise<number> {
  const meant = await meantProcess(invocation);
  const found = await findRunning(invocation, meant);
  if (found.type === "refused") return found.exitCode;
  // The lock on its pid file says that it runs, though it may have no control socket.
  const byFile = meant.type === "pid" && meant.pidFile !== undefined ? meant.pid : undefined;
  const pid = found.type === "running" ? found.process.pid : byFile;
  if (pid === undefined) {
    process.stderr.write(`gatekeeper: ${found.type === "running" ? "" : found.reason}\n`);
    return EXIT_WHICH_PROCESS;
  }
  const ending = new Ending(pid);
  const isNow = invocation.actions.has("now");
  const isGoing = found.type === "running" && found.process.isStopping;
  try {
    // A second SIGTERM would end a drain that is under way.
    if (isNow) process.kill(pid, "SIGINT");
    else if (!isGoing) process.kill(pid, "SIGTERM");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code !== "ESRCH") {
      process.stderr.write(`gatekeeper: process ${pid} cannot be stopped: ${String(error)}\n`);
      return EXIT_NOT_DONE;
    }
  }
  await ending.wait();
  print(`process ${pid} has ended\n`);
  return EXIT_OK;
}
