import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BinaryResult, runBinary, temporaryFolder } from "./binary.ts";

/** A folder for a process in the background, with all that it leaves. Disposing of it ends what its pid file names. */
export interface DaemonSetting extends AsyncDisposable {
  readonly folder: string;
  readonly pidFile: string;
  readonly errorLog: string;
  /** Names in the folder. */
  path(name: string): string;
  configure(lines: readonly string[]): void;
  /** Runs the binary with the file that was configured. */
  run(...words: readonly string[]): Promise<BinaryResult>;
  /** Runs a command of it. */
  command(...words: readonly string[]): Promise<BinaryResult>;
  /** What its pid file says. */
  pid(): number;
  log(): string;
}

const MOST_MS = 20_000;

export function daemonSetting(): DaemonSetting {
  const folder = temporaryFolder();
  const path = (name: string): string => join(folder.path, name);
  const pidFile = path("g.pid");
  const errorLog = path("error.log");
  const env = { RUNTIME_DIRECTORY: path("run") };
  const pid = (): number => Number(readFileSync(pidFile, "utf8"));
  return {
    folder: folder.path,
    pidFile,
    errorLog,
    path,
    configure(lines) {
      const own = [`pid_file: ${pidFile}`, `error_log: ${errorLog}`, `upgrade_sock: ${path("u.sock")}`];
      const isSaid = (line: string): boolean => lines.some((each) => each.startsWith(`${line.split(":")[0]}:`));
      const all = [...own.filter((line) => !isSaid(line)), ...lines];
      writeFileSync(path("conf.yaml"), `${all.join("\n")}\n`);
    },
    run: (...words) => runBinary(["-c", path("conf.yaml"), ...words], { env, cwd: folder.path }),
    command: (...words) => runBinary(words, { env, cwd: folder.path }),
    pid,
    log: () => readFileSync(errorLog, "utf8"),
    async [Symbol.asyncDispose]() {
      try {
        const last = pid();
        if (last > 1) process.kill(last, "SIGINT");
        await eventually(() => !isAlive(last));
      } catch {
        // None, or it has ended.
      }
      folder[Symbol.dispose]();
    },
  };
}

/** Comes when a condition holds; rejects when it has not for long. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + MOST_MS;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`still not so: ${condition}`);
    await Bun.sleep(5);
  }
}

/** Whether a process runs. One that has ended, and that nobody asks for its end, is still listed. */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
