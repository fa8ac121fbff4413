import type { Config } from "../config/model.ts";
import type { Problem } from "../config/problem.ts";
import type { ErrorLog } from "../process/error-log.ts";
import { daemonAccount, Surroundings } from "../process/surroundings.ts";
import type { TakeOver } from "../process/take-over.ts";
import { findPredecessor } from "./upgrading.ts";

/** What a serving process has before it listens. */
export interface Beginning {
  readonly surroundings: Surroundings;
  /** Undefined: there is nobody to take over from. */
  readonly takeOver: TakeOver | undefined;
}

export interface BeginOptions {
  /** `--upgrade` as it was typed; undefined where it was not. */
  readonly upgrade: string | undefined;
  readonly isDaemon: boolean;
  readonly errorLog: ErrorLog | undefined;
}

/** Finds who is taken over from, takes the pid file, and becomes who it is to be. A problem says why that cannot be. */
export async function begin(
  config: Config,
  { upgrade, isDaemon, errorLog }: BeginOptions,
): Promise<Beginning | Problem> {
  const settings = config.process;
  const account = isDaemon ? daemonAccount(settings) : undefined;
  if (typeof account === "string") return problem(account);
  const uid = account?.uid ?? process.getuid?.() ?? 0;
  const takeOver = upgrade === undefined ? undefined : await findPredecessor(config, upgrade, uid);
  if (takeOver !== undefined && "severity" in takeOver) return takeOver;
  const predecessor = takeOver?.predecessor?.pid;
  const surroundings = Surroundings.enter({ settings, isDaemon, errorLog, account, predecessor });
  return typeof surroundings === "string" ? problem(surroundings) : { surroundings, takeOver };
}

function problem(message: string): Problem {
  return { severity: "error", place: { type: "command_line" }, message };
}
