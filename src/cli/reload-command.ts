import type { RunningProcess } from "../process/control-client.ts";
import type { Invocation } from "./argv.ts";
import { EXIT_NOT_RELOADED, EXIT_WHICH_PROCESS } from "./exit.ts";
import { refuse, report } from "./main.ts";

/** Has the running process reload, and says what came of it. Gives the exit code. */
export async function reload(invocation: Invocation): Promise<number> {
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
  if (only !== undefined && running.length === 1) return await reloadOne(only);
  process.stderr.write(only === undefined ? none(pid) : several(running));
  return EXIT_WHICH_PROCESS;
}

async function reloadOne(running: RunningProcess): Promise<number> {
  const { requestReload } = await import("../process/control-client.ts");
  const answer = await requestReload(running).catch((error: unknown) => String(error));
  if (typeof answer === "string") {
    process.stderr.write(`gatekeeper: process ${running.pid} did not say whether it has reloaded: ${answer}\n`);
    return EXIT_NOT_RELOADED;
  }
  report(answer.problems);
  if (answer.isReloaded) {
    process.stdout.write(`process ${running.pid} has reloaded its configuration: ${answer.summary}\n`);
    return 0;
  }
  const text = `process ${running.pid} has not reloaded, its old configuration stays: ${answer.summary}`;
  process.stderr.write(`gatekeeper: ${text}\n`);
  return EXIT_NOT_RELOADED;
}

function none(pid: number | undefined): string {
  const which = pid === undefined ? "no gatekeeper runs" : `process ${pid} is no gatekeeper`;
  return `gatekeeper: ${which} that this user may speak to (root may speak to all)\n`;
}

function several(running: readonly RunningProcess[]): string {
  const lines = running.map(({ pid, urls }) => `  gatekeeper reload --pid ${pid}   # ${urls.join(", ")}\n`);
  return `gatekeeper: ${running.length} run, which one is meant?\n${lines.join("")}`;
}
