import { readFileSync } from "node:fs";

/** How often it is looked whether a process has ended. */
const EVERY_MS = 20;

/** Whether the process that has this number now still runs: one that gets the number later is another. */
export class Ending {
  readonly #pid: number;
  readonly #startedAt: string | undefined;

  /** To be made while the process runs. */
  constructor(pid: number) {
    this.#pid = pid;
    this.#startedAt = startOf(pid);
  }

  /** Comes when it has ended. */
  async wait(): Promise<void> {
    while (this.#isRunning()) await Bun.sleep(EVERY_MS);
  }

  #isRunning(): boolean {
    if (process.platform === "linux") return this.#startedAt !== undefined && startOf(this.#pid) === this.#startedAt;
    try {
      process.kill(this.#pid, 0);
      return true;
    } catch {
      return false;
    }
  }
}

/** When it began, as proc(5) has it; undefined where it has ended, though nobody may have asked for its end yet. */
function startOf(pid: number): string | undefined {
  try {
    // The name of the program, in brackets, may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)?.split(" ") ?? [];
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
