import { isAbsolute, resolve } from "node:path";
import type { Loaded } from "../config/load.ts";
import type { Config } from "../config/model.ts";
import type { Problem } from "../config/problem.ts";
import { launchDaemon } from "../process/daemon-launch.ts";
import { daemonAccount } from "../process/surroundings.ts";
import type { Invocation } from "./argv.ts";
import { EXIT_FORCED, EXIT_OK } from "./exit.ts";
import { refuse, report } from "./main.ts";
import { print } from "./output.ts";

/** What keeps a daemon from starting beside what keeps any process from it. */
export function daemonFaults({ process: settings }: Config, { files }: Loaded, { conf }: Invocation): Problem[] {
  const problems: Problem[] = [];
  const account = daemonAccount(settings);
  if (typeof account === "string") problems.push(problem(account));
  if (settings.workingDirectory !== undefined) {
    // A reload would look for them in another folder than the start.
    for (const file of files.filter((each) => !isAbsolute(each) && each !== conf?.path)) {
      const message = "with working_directory the names of files have to be absolute";
      problems.push({ ...problem(message), seen: file, expected: resolve(file) });
    }
  }
  return problems;
}

/** Has a process of its own serve in the background, and says whether it does. Gives the exit code of a start. */
export async function startDaemon(config: Config, warnings: readonly Problem[]): Promise<number> {
  const launched = await launchDaemon(config.process).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    return { type: "refused", problems: [problem(`no process in the background: ${reason}`)] } as const;
  });
  if (launched.type === "refused") return refuse(launched.problems);
  report(warnings);
  if (launched.type === "failed") {
    const where = config.process.errorLog === undefined ? "" : `; ${config.process.errorLog} may say more`;
    process.stderr.write(`gatekeeper: nothing runs in the background: ${launched.reason}${where}\n`);
    return EXIT_FORCED;
  }
  if (launched.isMute) {
    process.stderr.write("gatekeeper: warning: the log of the process in the background is lost without error_log\n");
  }
  const does = config.process.daemonWaitForReady ? "serves" : "starts";
  print(`process ${launched.pid} ${does} in the background\n`);
  return EXIT_OK;
}

function problem(message: string): Problem {
  return { severity: "error", place: { type: "command_line" }, message };
}
