import { LOG_VARIABLE } from "../config/environment.ts";
import { relaunchWithMoreRequests } from "../process/relaunch.ts";
import type { Invocation } from "./argv.ts";
import { refuse, report } from "./main.ts";

/** Serves the demo until a signal comes. Gives the exit code. */
export async function demo(invocation: Invocation): Promise<number> {
  relaunchWithMoreRequests((message) => process.stderr.write(`gatekeeper: warning: ${message}\n`));
  const [{ runDemo }, { ListenError }] = await Promise.all([import("./demo.ts"), import("../process/worker.ts")]);
  report(invocation.problems);
  try {
    const end = await runDemo({
      flags: invocation.settings,
      logVariable: process.env[LOG_VARIABLE],
      isTerminal: process.stderr.isTTY === true,
      write: (text) => process.stdout.write(text),
    });
    return "problems" in end ? refuse(end.problems) : end.exitCode;
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    const { bindProblem } = await import("./bind-failure.ts");
    return refuse(error.failures.map(({ listener, error: cause }) => bindProblem(listener.address, cause)));
  }
}
