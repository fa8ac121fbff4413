import { type FSWatcher, readFileSync, statSync, watch } from "node:fs";
import { resolve } from "node:path";
import type { Log } from "../observe/log.ts";
import { watchPoints } from "./watch-points.ts";

export interface FileWatcherOptions {
  readonly log: Log;
  /** Called when some file's content is another, once it has been quiet. */
  readonly changed: () => void;
  /** How long it has to be quiet. Default 250 ms. */
  readonly quietMs?: number;
  /** How long a file may be away before that is told. Default 5 s. */
  readonly awayMs?: number;
}

/**
 * Watches files by what is in them: who writes the same again, or something else into their folder, changes nothing. A
 * file that is away is waited for, since one that is replaced is away for a moment.
 */
export class FileWatcher implements Disposable {
  readonly #options: Required<FileWatcherOptions>;
  /** What was in each file when it was last looked at. */
  readonly #digests = new Map<string, string>();
  readonly #watchers = new Map<string, FSWatcher>();
  #points: ReadonlyMap<string, ReadonlySet<string>> = new Map();
  #timer: Timer | undefined = undefined;
  /** Since when some file is away. */
  #awaySince: number | undefined = undefined;
  #isAwayTold = false;

  constructor(options: FileWatcherOptions) {
    this.#options = { quietMs: 250, awayMs: 5_000, ...options };
  }

  /**
   * Watches these from now on, and no others. What has happened to those that were watched before is not forgotten.
   *
   * @param readAt when reading them began, by `Date.now()`: a new one that was changed since then has changed
   */
  watch(files: readonly string[], readAt = Date.now()): void {
    const wanted = new Set(files.map((file) => resolve(file)));
    for (const file of this.#digests.keys()) if (!wanted.has(file)) this.#digests.delete(file);
    let isLate = false;
    for (const file of wanted) {
      if (this.#digests.has(file)) continue;
      const isChanged = changedAt(file) > readAt - CLOCK_TICK_MS;
      this.#digests.set(file, isChanged ? UNKNOWN : (digestOf(file) ?? AWAY));
      isLate ||= isChanged;
    }
    this.#follow();
    if (isLate) this.#lookSoon();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  /** Links may lead elsewhere than before. */
  #follow(): void {
    this.#points = watchPoints(this.#digests.keys());
    for (const [folder, watcher] of this.#watchers) {
      if (this.#points.has(folder)) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const folder of this.#points.keys()) if (!this.#watchers.has(folder)) this.#open(folder);
  }

  #open(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => {
        if (name === null || this.#points.get(folder)?.has(name) === true) this.#lookSoon();
      });
      // The folder is gone: another that takes its place is seen in the folder around it, and watched anew.
      watcher.on("error", () => this.#close(folder));
      this.#watchers.set(folder, watcher);
    } catch {
      // One that may not be read: what happens in it is not seen, what happens below it is.
    }
  }

  #close(folder: string): void {
    this.#watchers.get(folder)?.close();
    this.#watchers.delete(folder);
  }

  #lookSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#look, this.#options.quietMs);
  }

  readonly #look = (): void => {
    // A folder may be another by the same name: a watch stays with the one that it was opened for.
    for (const folder of [...this.#watchers.keys()]) this.#close(folder);
    this.#follow();
    const digests = new Map([...this.#digests.keys()].map((file) => [file, digestOf(file)]));
    if (this.#waitsFor(digests)) return this.#lookSoon();
    let isChanged = false;
    for (const [file, digest] of digests) {
      if (digest === undefined || this.#digests.get(file) === digest) continue;
      this.#digests.set(file, digest);
      isChanged = true;
    }
    if (isChanged) this.#options.changed();
  };

  /** Whether a file is away that may well come back: after a while that is told, and what else has changed counts. */
  #waitsFor(digests: ReadonlyMap<string, string | undefined>): boolean {
    const away = [...digests].filter(([file, digest]) => digest === undefined && this.#digests.get(file) !== AWAY);
    if (away.length === 0) {
      this.#awaySince = undefined;
      this.#isAwayTold = false;
      return false;
    }
    const now = performance.now();
    this.#awaySince ??= now;
    if (now - this.#awaySince < this.#options.awayMs) return true;
    if (!this.#isAwayTold) {
      const file = away.map(([name]) => name).join(", ");
      this.#options.log.warn("a watched file is gone; the configuration stays", { file });
    }
    this.#isAwayTold = true;
    return false;
  }
}

const AWAY = "away";
const UNKNOWN = "unknown";
/** A file's times are those of the kernel's last tick. */
const CLOCK_TICK_MS = 10;

/** When a file was last written, renamed or linked; 0 for one that is not there. */
function changedAt(file: string): number {
  try {
    return statSync(file).ctimeMs;
  } catch {
    return 0;
  }
}

/** Undefined for a file that is not there, or cannot be read. */
function digestOf(file: string): string | undefined {
  try {
    return new Bun.CryptoHasher("sha256").update(readFileSync(file)).digest("hex");
  } catch {
    return undefined;
  }
}
