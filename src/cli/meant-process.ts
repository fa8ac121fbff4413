import { Settings } from "../config/given.ts";
import { hasErrors } from "../config/problem.ts";
import { readConf } from "../config/read-conf.ts";
import { readPidFile } from "../process/pid-file.ts";
import type { Invocation } from "./argv.ts";
import { refuse } from "./main.ts";

/** Which running process a command line means. */
export type MeantProcess =
  /** The only one that there is. */
  | { readonly type: "any" }
  | { readonly type: "pid"; readonly pid: number; readonly pidFile?: string }
  /** The file names none that runs. */
  | { readonly type: "none"; readonly pidFile: string }
  /** Wrong, which is said already. */
  | { readonly type: "refused"; readonly exitCode: number };

/** By `--pid`, `--pid-file`, or the pid file that the configuration names; nothing is asked of a process yet. */
export async function meantProcess(invocation: Invocation): Promise<MeantProcess> {
  const [text] = invocation.values.get("pid") ?? [];
  if (text !== undefined) return byNumber(text);
  const named = invocation.settings.one("pid_file")?.value;
  if (named !== undefined) return byFile(named) ?? { type: "none", pidFile: named };
  if (invocation.conf === undefined) return { type: "any" };
  // Only what it says of the process: this user may not read all that it names.
  const { draft, problems } = await readConf(invocation.conf, process.env);
  if (hasErrors(problems)) return { type: "refused", exitCode: refuse(problems) };
  const given = draft.settings.one("pid_file")?.value;
  if (given !== undefined) return byFile(given) ?? { type: "none", pidFile: given };
  // Where it was started with -d all the same.
  return byFile(new Settings().value("pid_file")) ?? { type: "any" };
}

function byNumber(text: string): MeantProcess {
  if (/^[1-9]\d{0,9}$/.test(text)) return { type: "pid", pid: Number(text) };
  const place = { type: "flag", name: "--pid" } as const;
  const problem = { severity: "error", place, message: "this is no process id", seen: text } as const;
  return { type: "refused", exitCode: refuse([{ ...problem, expected: "a number, as in --pid 1234" }]) };
}

function byFile(pidFile: string): MeantProcess | undefined {
  const pid = readPidFile(pidFile);
  return pid === undefined ? undefined : { type: "pid", pid, pidFile };
}
