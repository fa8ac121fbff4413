import type { RunningProcess } from "../process/control-client.ts";
import type { Invocation } from "./argv.ts";
import { EXIT_WHICH_PROCESS } from "./exit.ts";
import { meantProcess, type MeantProcess } from "./meant-process.ts";

/** What was found for a command. */
export type Found =
  | { readonly type: "running"; readonly process: RunningProcess }
  /** None that this user may speak to; in words for a person. */
  | { readonly type: "none"; readonly reason: string }
  | { readonly type: "several"; readonly reason: string }
  | { readonly type: "refused"; readonly exitCode: number };

/** The running process that a command is for, or the exit code where that is not clear, which is said then. */
export async function runningProcess(invocation: Invocation): Promise<RunningProcess | number> {
  const found = await findRunning(invocation, await meantProcess(invocation));
  if (found.type === "running") return found.process;
  if (found.type === "refused") return found.exitCode;
  process.stderr.write(`gatekeeper: ${found.reason}\n`);
  return EXIT_WHICH_PROCESS;
}

/** Looks for the process that is meant. */
export async function findRunning(invocation: Invocation, meant: MeantProcess): Promise<Found> {
  if (meant.type === "refused") return meant;
  if (meant.type === "none") return { type: "none", reason: `no gatekeeper runs by ${meant.pidFile}` };
  const pid = meant.type === "pid" ? meant.pid : undefined;
  const { runningProcesses } = await import("../process/control-client.ts");
  const { controlSetting } = await import("../process/control-folder.ts");
  const all = await runningProcesses(controlSetting(), pid);
  // One that another has taken over from is not meant, where there is a choice.
  const running = all.length > 1 ? all.filter((each) => !each.isStopping) : all;
  const [only] = running;
  if (only !== undefined && running.length === 1) return { type: "running", process: only };
  const { command = "run", words } = invocation;
  if (only !== undefined) return { type: "several", reason: several(running, [command, ...words].join(" ")) };
  const which =
    meant.type === "any"
      ? "no gatekeeper runs"
      : meant.pidFile === undefined
        ? `process ${meant.pid} is no gatekeeper`
        : `process ${meant.pid} of ${meant.pidFile} is no gatekeeper`;
  return { type: "none", reason: `${which} that this user may speak to (root may speak to all)` };
}

function several(running: readonly RunningProcess[], command: string): string {
  const lines = running.map(({ pid, urls }) => `\n  gatekeeper ${command} --pid ${pid}   # ${urls.join(", ")}`);
  return `${running.length} run, which one is meant?${lines.join("")}`;
}
