import { fstatSync } from "node:fs";
import type { ProcessConfig } from "../config/model.ts";
import type { Problem } from "../config/problem.ts";
import { daemonEnvironment, type FromDaemon, type ToDaemon } from "./daemon.ts";
import { ErrorLog } from "./error-log.ts";
import { isCompiled } from "./relaunch.ts";

/** What came of starting a process in the background. */
export type Launched =
  | {
      readonly type: "up";
      readonly pid: number;
      /** What it writes is lost. */
      readonly isMute: boolean;
    }
  /** It said why not. */
  | { readonly type: "refused"; readonly problems: readonly Problem[] }
  /** It did not say why not. */
  | { readonly type: "failed"; readonly reason: string };

const STDERR = 2;

/**
 * Starts this program once more, in a session of its own and without a terminal, to serve in the background. Comes when it
 * serves, where the configuration says that it is waited for; otherwise when it has begun to start (Pingora's
 * `daemon_wait_for_ready`). One that is not up in time is ended.
 */
export async function launchDaemon(settings: ProcessConfig): Promise<Launched> {
  const { errorLog, user, group, daemonWaitForReady, daemonReadyTimeoutMs } = settings;
  const isGiven = user !== undefined || group !== undefined;
  const { promise: over, resolve } = Promise.withResolvers<Launched>();
  const log = errorLog === undefined ? ownLog() : new ErrorLog(errorLog).open(isGiven);
  const child = Bun.spawn([process.execPath, ...ownWords()], {
    argv0: "gatekeeper",
    env: daemonEnvironment(),
    // setsid(2)
    detached: true,
    stdin: "ignore",
    stdout: "ignore",
    stderr: log,
    ipc(message: FromDaemon, self) {
      if (message.type === "refused") {
        // It tidies up before it ends.
        void Promise.race([self.exited, Bun.sleep(TIDYING_MS)]).then(() => resolve(message));
      } else if (message.type === "serving" || !daemonWaitForReady) {
        self.send({ type: "seen" } satisfies ToDaemon);
        resolve({ type: "up", pid: self.pid, isMute: log === "ignore" });
      }
    },
  });
  // What it said last comes before its end.
  void child.exited.then(() => setTimeout(() => resolve({ type: "failed", reason: endText(child) }), LAST_WORDS_MS));
  const timer = setTimeout(() => {
    child.kill("SIGKILL");
    resolve({ type: "failed", reason: `it did not serve within ${daemonReadyTimeoutMs / 1000} s and was ended` });
  }, daemonReadyTimeoutMs);
  const launched = await over;
  clearTimeout(timer);
  child.unref();
  if (child.exitCode === null && child.signalCode === null) child.disconnect();
  return launched;
}

const LAST_WORDS_MS = 100;
const TIDYING_MS = 2_000;

function ownWords(): readonly string[] {
  // In an executable argv[1] is a path inside of it.
  return isCompiled() ? process.argv.slice(2) : [...process.execArgv, ...process.argv.slice(1)];
}

/** Where no file is configured, one that the log is sent to anyway is kept, or systemd's journal; a terminal or a pipe is let go. */
function ownLog(): number | "ignore" {
  try {
    const stat = fstatSync(STDERR);
    const isJournal = process.env["JOURNAL_STREAM"] === `${stat.dev}:${stat.ino}`;
    return stat.isFile() || isJournal ? STDERR : "ignore";
  } catch {
    return "ignore";
  }
}

function endText({ exitCode, signalCode }: Bun.Subprocess): string {
  return `it ended ${signalCode === null ? `with exit code ${exitCode}` : `by ${signalCode}`} before it served`;
}
