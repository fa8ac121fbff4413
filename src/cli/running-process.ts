import type { RunningProcess } from "../process/control-client.ts";
import type { Invocation } from "./argv.ts";
import { EXIT_WHICH_PROCESS } from "./exit.ts";
import { refuse } from "./main.ts";

/** The running process that a command is for, or the exit code where that is not clear, which is said then. */
export async function runningProcess(invocation: Invocation): Promise<RunningProcess | number> {
  const [text] = invocation.values.get("pid") ?? [];
  const pid = text === undefined ? undefined : Number(text);
  if (text !== undefined && !/^[1-9]\d{0,9}$/.test(text)) {
    const place = { type: "flag", name: "--pid" } as const;
    const message = "this is no process id";
    return refuse([{ severity: "error", place, message, seen: text, expected: "a number, as in --pid 1234" }]);
  }
  const { runningProcesses } = await import("../process/control-client.ts");
  const { controlSetting } = await import("../process/control-folder.ts");
  const all = await runningProcesses(controlSetting(), pid);
  // One that another has taken over from is not meant, where there is a choice.
  const running = all.length > 1 ? all.filter((each) => !each.isStopping) : all;
  const [only] = running;
  if (only !== undefined && running.length === 1) return only;
  const { command = "run", words } = invocation;
  process.stderr.write(only === undefined ? none(pid) : several(running, [command, ...words].join(" ")));
  return EXIT_WHICH_PROCESS;
}

function none(pid: number | undefined): string {
  const which = pid === undefined ? "no gatekeeper runs" : `process ${pid} is no gatekeeper`;
  return `gatekeeper: ${which} that this user may speak to (root may speak to all)\n`;
}

function several(running: readonly RunningProcess[], command: string): string {
  const lines = running.map(({ pid, urls }) => `  gatekeeper ${command} --pid ${pid}   # ${urls.join(", ")}\n`);
  return `gatekeeper: ${running.length} run, which one is meant?\n${lines.join("")}`;
}
