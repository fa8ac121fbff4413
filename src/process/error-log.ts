import { closeSync, constants, fchownSync, fstatSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import { openLibc } from "../core/libc.ts";
import { openOrMake } from "./open-or-make.ts";

const STDERR = 2;
/** Others may not read what requests were about. */
const MODE = 0o640;

/** The file that a daemon's standard error goes to: its log, and whatever else is written there. */
export class ErrorLog {
  readonly path: string;

  /** Nothing is opened yet. */
  constructor(name: string) {
    this.path = resolve(name);
  }

  /**
   * For the process that is to have it as its standard error.
   *
   * @param isGiven it is to be given to another user, who may write in its folder already: then a link there is a trap
   * @throws what the system says, or that it is such a trap
   */
  open(isGiven = false): number {
    const { O_APPEND, O_NOFOLLOW, O_WRONLY } = constants;
    const fd = openOrMake(this.path, O_WRONLY | O_APPEND | (isGiven ? O_NOFOLLOW : 0), MODE);
    if (!isGiven || fstatSync(fd).nlink === 1) return fd;
    closeSync(fd);
    throw new Error(`${this.path} is a file with another name as well`);
  }

  /** Gives the file that is written to now, opened for that, to the user that this process becomes. */
  giveTo({ uid, gid }: { readonly uid: number; readonly gid: number }): void {
    const stat = fstatSync(STDERR);
    if (stat.uid !== uid && stat.isFile()) fchownSync(STDERR, uid, gid);
  }

  /** A line of the log. Bun's `process.stderr` writes to a copy of the descriptor (1.4.5), which `reopen` does not replace. */
  readonly write = (line: string): void => {
    try {
      writeSync(STDERR, line);
    } catch {
      // A full disk is no reason to end.
    }
  };

  /** What is written from now on goes to the file that has the name by now. @throws what the system says; nothing has changed then */
  reopen(): void {
    const fd = this.open();
    try {
      const system = openLibc({ dup2: { args: ["i32", "i32"], returns: "i32" } });
      if (system?.dup2(fd, STDERR) !== STDERR) throw new Error("this platform cannot replace the standard error");
    } finally {
      closeSync(fd);
    }
  }
}
