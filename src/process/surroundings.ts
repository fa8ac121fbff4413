import type { ProcessConfig } from "../config/model.ts";
import type { ErrorLog } from "./error-log.ts";
import { PidFile } from "./pid-file.ts";
import { type Account, accountFault, becomeAccount, findAccount } from "./privileges.ts";

/** Who a process in the background is to become; undefined where it stays who it is. A text says what is wrong. */
export function daemonAccount({ user, group }: ProcessConfig): Account | undefined | string {
  const account = findAccount(user, group);
  if (account === undefined || typeof account === "string") return account;
  return accountFault(account) ?? account;
}

export interface SurroundingsOptions {
  readonly settings: ProcessConfig;
  /** Whether it works in the background; then it has a folder and a user as configured. */
  readonly isDaemon: boolean;
  /** The file that its standard error is; undefined where that is whatever it was started with. */
  readonly errorLog: ErrorLog | undefined;
  /** Who it becomes. */
  readonly account: Account | undefined;
  /** The process that is taken over from. */
  readonly predecessor: number | undefined;
}

/** What a process has around its serving: its pid file, its folder, its user. */
export class Surroundings implements Disposable {
  readonly #pidFile: PidFile | undefined;

  private constructor(pidFile: PidFile | undefined) {
    this.#pidFile = pidFile;
  }

  /**
   * Takes the pid file, then gives up what rights there are. A text says why that cannot be.
   *
   * @throws where the user cannot be changed for good
   */
  static enter(options: SurroundingsOptions): Surroundings | string {
    const { settings, isDaemon, errorLog, account, predecessor } = options;
    const { pidFile: pidName, workingDirectory } = settings;
    const owners = { ...(predecessor !== undefined && { predecessor }), ...(account && { owner: account }) };
    const pidFile = pidName === undefined ? undefined : PidFile.open(pidName, owners);
    if (typeof pidFile === "string") return pidFile;
    using entered = new DisposableStack();
    if (pidFile !== undefined) entered.use(pidFile);
    if (predecessor === undefined) pidFile?.write();
    if (account !== undefined) {
      errorLog?.giveTo(account);
      becomeAccount(account);
    }
    try {
      if (isDaemon && workingDirectory !== undefined) process.chdir(workingDirectory);
    } catch (error) {
      return `${workingDirectory} cannot be worked in: ${error instanceof Error ? error.message : String(error)}`;
    }
    entered.move();
    return new Surroundings(pidFile);
  }

  /** The predecessor goes: the pid file names this process from now on. */
  tookOver(): void {
    this.#pidFile?.write();
  }

  [Symbol.dispose](): void {
    this.#pidFile?.[Symbol.dispose]();
  }
}
