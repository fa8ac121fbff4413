import type { ControlCommand, ControlResult } from "../process/controls.ts";
import type { Invocation } from "./argv.ts";
import { EXIT_NOT_DONE } from "./exit.ts";
import { runningProcess } from "./running-process.ts";

/** Has the running process do something; gives what came of it, or the exit code where nothing did, which is said then. */
export async function control(
  invocation: Invocation,
  command: ControlCommand,
): Promise<Exclude<ControlResult, { type: "refused" }> | number> {
  const running = await runningProcess(invocation);
  if (typeof running === "number") return running;
  const { requestControl } = await import("../process/control-client.ts");
  const result = await requestControl(running, command).catch((error: unknown) => String(error));
  if (typeof result !== "string" && result.type !== "refused") return result;
  const why =
    typeof result === "string"
      ? `process ${running.pid} did not say what came of it: ${result}`
      : [result.reason, ...(result.help === undefined ? [] : [result.help])].join("; ");
  process.stderr.write(`gatekeeper: ${why}\n`);
  return EXIT_NOT_DONE;
}
