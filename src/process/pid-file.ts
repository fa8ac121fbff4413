import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  type Stats,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { resolve } from "node:path";
import { openLibc } from "../core/libc.ts";
import { openOrMake } from "./open-or-make.ts";

/** flock(2) */
const LOCK = { shared: 1 | 4, exclusive: 2 | 4 } as const;
const LOOK_MS = 5;
const MOST_TRIES = 10;
/** Anyone may know the number. */
const MODE = 0o644;
const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR } = constants;

export interface PidFileOptions {
  /** The process that is taken over from: it holds the file too until it ends. */
  readonly predecessor?: number;
  /** Whom the file is to belong to: the user that this process becomes. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

/**
 * The file that says which process serves. It is held by a lock (flock), which the system takes back when a process ends,
 * however that comes: a file that nobody holds is stale, whatever process has its number by now.
 */
export class PidFile implements Disposable {
  readonly path: string;
  readonly #fd: number;

  private constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  /** Holds the file, which says nothing new yet. A text says why that cannot be. */
  static open(name: string, { predecessor, owner }: PidFileOptions = {}): PidFile | string {
    const path = resolve(name);
    for (let i = 0; i < MOST_TRIES; i++) {
      let fd: number;
      try {
        fd = openOrMake(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK, MODE);
      } catch (error) {
        return `${path} cannot be written: ${reasonOf(error)}`;
      }
      const fault = holdFault(path, fd, { ...(predecessor !== undefined && { predecessor }), ...(owner && { owner }) });
      if (fault === undefined) return new PidFile(path, fd);
      closeSync(fd);
      if (fault !== GONE) return fault;
    }
    return `${path} is removed again and again`;
  }

  /** From now on it names this process. */
  write(): void {
    const text = `${process.pid}\n`;
    // In this order nobody ever reads less than a whole number in the first line.
    writeSync(this.#fd, text, 0);
    ftruncateSync(this.#fd, text.length);
  }

  /** Removes it, unless it names another process by now; where the folder is not ours it is left empty. */
  [Symbol.dispose](): void {
    try {
      // Without a number it was made for a process that did not come to write it.
      if (isThere(this.path, this.#fd) && [process.pid, undefined].includes(numberIn(this.#fd))) {
        try {
          unlinkSync(this.path);
        } catch {
          ftruncateSync(this.#fd, 0);
        }
      }
    } finally {
      closeSync(this.#fd);
    }
  }
}

/** It is not there any more: it is looked for again. */
const GONE = "gone";

function holdFault(path: string, fd: number, { predecessor, owner }: PidFileOptions): string | undefined {
  const stat = fstatSync(fd);
  const strange = strangeness(stat, fd);
  if (strange !== undefined) return `${path} ${strange}`;
  const isForeign = ![process.getuid?.(), owner?.uid].includes(stat.uid);
  if (!lock(fd, LOCK.exclusive)) {
    if (isForeign) return `${path} is held by a process of another user`;
    const holder = numberIn(fd);
    if (holder === undefined || holder !== predecessor) {
      const which = holder === undefined ? "another process that starts" : `process ${holder}`;
      return `${path} is held by ${which}, a gatekeeper that runs`;
    }
  }
  // Shared, since the process that takes over holds it as well.
  if (!lock(fd, LOCK.shared)) return `${path} is held by another process that starts`;
  if (!isThere(path, fd)) return GONE;
  // Of a user that it ran as before, or anyone's, who could write to it: not to be used, but root may take it away.
  if (isForeign) return removed(path) ? GONE : `${path} belongs to another user`;
  fchmodSync(fd, MODE);
  if (owner !== undefined && stat.uid !== owner.uid) fchownSync(fd, owner.uid, owner.gid);
  return undefined;
}

/** What is no pid file is not to be written to: a slip of the configuration, or a trap that somebody laid in /tmp. */
function strangeness(stat: Stats, fd: number): string | undefined {
  if (!stat.isFile()) return "is no file";
  if (stat.nlink > 1) return "is a file with another name as well";
  return /^\s*\d*\s*$/.test(textIn(fd)) ? undefined : "holds something else than a process id";
}

function removed(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Whether the path names the very file that is open. */
function isThere(path: string, fd: number): boolean {
  const there = lstatSync(path, { throwIfNoEntry: false });
  const open = fstatSync(fd);
  return there?.ino === open.ino && there.dev === open.dev;
}

/** The number that it says; undefined for none. */
function numberIn(fd: number): number | undefined {
  const digits = /^[1-9]\d{0,9}(?=\n)/.exec(textIn(fd))?.[0];
  return digits === undefined ? undefined : Number(digits);
}

/** The beginning of a file. */
function textIn(fd: number): string {
  const bytes = Buffer.alloc(64);
  return bytes.toString("latin1", 0, readSync(fd, bytes, 0, bytes.length, 0));
}

/** Whether it was got. Without the system's lock everyone gets it. */
function lock(fd: number, kind: number): boolean {
  const system = openLibc({ flock: { args: ["i32", "i32"], returns: "i32" } });
  if (system === undefined || system.flock(fd, kind) === 0) return true;
  // Who looks whether it is held holds it for a moment.
  Bun.sleepSync(LOOK_MS);
  return system.flock(fd, kind) === 0;
}

/**
 * What a pid file says: the process that runs; undefined where none does, or the file is stale or none. A file of another
 * user's than the process's and ours is not believed.
 */
export function readPidFile(name: string): number | undefined {
  let fd: number;
  try {
    fd = openSync(resolve(name), O_RDONLY | O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() || lock(fd, LOCK.exclusive)) return undefined;
    const pid = numberIn(fd);
    if (pid === undefined || ![0, process.getuid?.(), userOf(pid)].includes(stat.uid)) return undefined;
    return hasOpen(pid, stat) ? pid : undefined;
  } finally {
    closeSync(fd);
  }
}

/** Whether a process has the very file open; true where this user may not know. Others may look at the file just now as well. */
function hasOpen(pid: number, { dev, ino }: Stats): boolean {
  let names: readonly string[];
  try {
    names = readdirSync(`/proc/${pid}/fd`);
  } catch {
    return existsSync(`/proc/${pid}`);
  }
  return names.some((name) => {
    const open = statSync(`/proc/${pid}/fd/${name}`, { throwIfNoEntry: false });
    return open?.ino === ino && open.dev === dev;
  });
}

function userOf(pid: number): number | undefined {
  try {
    return Number(/^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
