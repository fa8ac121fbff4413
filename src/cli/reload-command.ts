import type { Invocation } from "./argv.ts";
import { EXIT_NOT_DONE } from "./exit.ts";
import { report } from "./main.ts";
import { runningProcess } from "./running-process.ts";

/** Has the running process reload, and says what came of it. Gives the exit code. */
export async function reload(invocation: Invocation): Promise<number> {
  const running = await runningProcess(invocation);
  if (typeof running === "number") return running;
  const { requestReload } = await import("../process/control-client.ts");
  const answer = await requestReload(running).catch((error: unknown) => String(error));
  if (typeof answer === "string") {
    process.stderr.write(`gatekeeper: process ${running.pid} did not say whether it has reloaded: ${answer}\n`);
    return EXIT_NOT_DONE;
  }
  report(answer.problems);
  if (answer.isReloaded) {
    process.stdout.write(`process ${running.pid} has reloaded its configuration: ${answer.summary}\n`);
    return 0;
  }
  const text = `process ${running.pid} has not reloaded, its old configuration stays: ${answer.summary}`;
  process.stderr.write(`gatekeeper: ${text}\n`);
  return EXIT_NOT_DONE;
}
