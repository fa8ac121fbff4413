import { ADMIN_TOKEN_VARIABLE } from "../config/admin.ts";
import { LineFile } from "../observe/line-file.ts";
import { Inbox } from "./channel.ts";
import { LineRelay } from "./line-relay.ts";
import type { FromWorker } from "./messages.ts";
import { isCompiled } from "./relaunch.ts";
import type { NewWorker, WorkerEnd } from "./worker-link.ts";
import { WORKER_VARIABLE } from "./worker-role.ts";

/**
 * The program that runs now, also when another has been put in its place on the disk: workers and their supervisor
 * are of one build.
 */
const OWN_PROGRAM = process.platform === "linux" ? "/proc/self/exe" : process.execPath;
/** What a worker wrote before its end is waited for no longer than this: something that it started may hold the pipe. */
const LAST_WORDS_MS = 100;

/** Makes workers in processes of their own, which are this program once more. */
export class WorkerSpawner {
  readonly #stdout = new LineFile({ type: "stdout" });
  readonly #stderr = new LineFile({ type: "stderr" });

  /** @param index counts from 0 */
  readonly make = (index: number): NewWorker => {
    const inbox = new Inbox<FromWorker>();
    const number = String(index + 1);
    const words = isCompiled() ? [] : [...process.execArgv, process.argv[1] ?? ""];
    const child = Bun.spawn([OWN_PROGRAM, ...words, "worker", number], {
      // For who looks at the list of processes.
      argv0: "gatekeeper",
      // The admin listener is not theirs.
      env: { ...process.env, [ADMIN_TOKEN_VARIABLE]: undefined, [WORKER_VARIABLE]: number },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      // Structured clone: listeners that share their routes have the very same ones in the worker as well.
      serialization: "advanced",
      ipc: (message: FromWorker) => inbox.put(message),
    });
    const output = new LineRelay(child.stdout, (bytes) => this.#stdout.append(bytes));
    const errors = new LineRelay(child.stderr, (bytes) => this.#stderr.append(bytes));
    const ended = child.exited.then(async (code): Promise<WorkerEnd> => {
      await Promise.race([Promise.all([output.over, errors.over]), Bun.sleep(LAST_WORDS_MS)]);
      const signal = child.signalCode === null ? undefined : String(child.signalCode);
      return { code: signal === undefined ? code : undefined, signal, lastWords: errors.last };
    });
    return {
      channel: {
        send: (message) => {
          try {
            child.send(message);
          } catch (error) {
            // One that has ended, or was let go, is noticed by its end.
            if (!isClosed(error)) throw error;
          }
        },
        receive: (take) => inbox.open(take),
      },
      process: {
        pid: child.pid,
        ended,
        kill: () => child.kill("SIGKILL"),
        release: () => child.disconnect(),
      },
    };
  };
}

function isClosed(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_IPC_CHANNEL_CLOSED";
}
