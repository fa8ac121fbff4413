import {
  closeSync,
  createReadStream,
  createWriteStream,
  existsSync,
  openSync,
  renameSync,
  statSync,
  unlinkSync,
} from "node:fs";
import { readdir, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { zlib } from "../core/zlib.ts";

/** When a log is put aside, and what becomes of it then (Caddy's `roll_*`). */
export interface RollingOptions {
  /** A file is put aside before it grows past this; 0 is never. */
  readonly sizeBytes: number;
  /** How many are kept; 0 is all. */
  readonly keep: number;
  /** How long they are kept; 0 is for ever. */
  readonly keepForMs: number;
  /** What was put aside is compressed. */
  readonly compresses: boolean;
  /** How often it is looked whether others put it aside, or filled it. Default 200 ms. */
  readonly lookEveryMs?: number;
}

const LOOK_EVERY_MS = 200;
/** Another worker may still be writing what it had begun to. */
const COMPRESS_AFTER_MS = 5_000;
/** What is half compressed for so long was left by a process that is gone. */
const LEFT_MS = 600_000;
const STAMP = /^-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}$/;
/** Others may not read what requests were about. */
const MODE = 0o640;
const GZ = ".gz";
const PART = ".part";

/**
 * Rolls one file, which any number of processes append to. Each looks before it writes whether the name still stands for
 * the file that it has open; whoever finds it full renames it. Two may find that in the same moment: then the second one
 * puts the first lines of the new file aside as a file of their own, and nothing is lost.
 */
export class Rolling implements Disposable {
  readonly #path: string;
  readonly #options: RollingOptions;
  readonly #compressAfterMs: number;
  /** What was seen when it was looked last, and when; the size with what was written since. */
  #seenInode = -1;
  #seenSize = 0;
  #seenAt = 0;
  #timer: Timer | undefined = undefined;
  #tidying: Promise<void> | undefined = undefined;

  constructor(path: string, options: RollingOptions, compressAfterMs = COMPRESS_AFTER_MS) {
    this.#path = path;
    this.#options = options;
    this.#compressAfterMs = compressAfterMs;
  }

  /**
   * Whether the name stands for another file than the one of this inode, or for none: because somebody put it aside, or
   * because this did, where it would have grown too large. Rejects where that is not possible.
   */
  async isFreed(inode: number, moreBytes: number, now: Date): Promise<boolean> {
    if (this.#isSurelyFine(inode, moreBytes, now)) return false;
    const found = await stat(this.#path).catch(() => undefined);
    if (found?.ino !== inode) return true;
    if (this.#fits(found.size, moreBytes)) {
      this.#seenInode = inode;
      this.#seenSize = found.size + moreBytes;
      this.#seenAt = now.getTime();
      return false;
    }
    // One call after the other, so that nobody is likely to come between.
    if (statSync(this.#path, { throwIfNoEntry: false })?.ino !== inode) return true;
    const name = this.#take(now);
    try {
      renameSync(this.#path, name);
    } catch (error) {
      unlinkSync(name);
      // Somebody did come between.
      if (codeOf(error) === "ENOENT") return true;
      throw error;
    }
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#tidying = this.tidy(new Date());
    }, this.#compressAfterMs);
    this.#timer.unref();
    return true;
  }

  /** Compresses what was put aside, and removes what is too much or too old. What fails is tried again with the next roll. */
  async tidy(now: Date): Promise<void> {
    const { keep, keepForMs, compresses } = this.#options;
    const folder = dirname(this.#path);
    const aside = (await readdir(folder).catch(() => [])).filter((name) => this.#isAside(name)).sort();
    const tooMany = keep > 0 ? aside.slice(0, Math.max(0, aside.length - keep)) : [];
    for (const name of aside) {
      const path = join(folder, name);
      const found = await stat(path).catch(() => undefined);
      if (found === undefined) continue;
      const isOld = keepForMs > 0 && now.getTime() - found.mtimeMs > keepForMs;
      if (isOld || tooMany.includes(name)) await unlink(path).catch(() => {});
      else if (compresses && !name.endsWith(GZ) && now.getTime() - found.mtimeMs >= this.#compressAfterMs / 2) {
        await compress(path, found.size);
      }
    }
  }

  /** Resolves when nothing more is done for what was put aside. */
  async settled(): Promise<void> {
    await this.#tidying;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** By what was seen a moment ago. */
  #isSurelyFine(inode: number, moreBytes: number, now: Date): boolean {
    const isFresh = now.getTime() - this.#seenAt < (this.#options.lookEveryMs ?? LOOK_EVERY_MS);
    if (!isFresh || inode !== this.#seenInode || !this.#fits(this.#seenSize, moreBytes)) return false;
    this.#seenSize += moreBytes;
    return true;
  }

  #fits(size: number, moreBytes: number): boolean {
    const { sizeBytes } = this.#options;
    return sizeBytes === 0 || size === 0 || size + moreBytes <= sizeBytes;
  }

  /**
   * Takes a name for what is put aside, Caddy's `access-2026-11-25T22-10-00.123.log`: a millisecond later where one is taken,
   * also in this moment by another process, whose file a rename would take the place of.
   */
  #take(now: Date): string {
    const [stem, extension] = this.#parts();
    for (let ms = now.getTime(); ; ms++) {
      const stamp = new Date(ms).toISOString().slice(0, -1).replaceAll(":", "-");
      const name = join(dirname(this.#path), `${stem}-${stamp}${extension}`);
      if (existsSync(name + GZ)) continue;
      try {
        closeSync(openSync(name, "wx", MODE));
        return name;
      } catch (error) {
        if (codeOf(error) !== "EEXIST") throw error;
      }
    }
  }

  #isAside(name: string): boolean {
    const [stem, extension] = this.#parts();
    const plain = name.endsWith(GZ) ? name.slice(0, -GZ.length) : name;
    return (
      plain.startsWith(stem) &&
      plain.endsWith(extension) &&
      STAMP.test(plain.slice(stem.length, plain.length - extension.length))
    );
  }

  #parts(): readonly [string, string] {
    const extension = extname(this.#path);
    return [basename(this.#path, extension), extension];
  }
}

/** In large pieces: each goes over the main thread. */
const READING = { highWaterMark: 512 * 1024 } as const;
/** Level 2 takes well under half of the processor's time of the usual 6, for a tenth more bytes (lines of logs, Bun 1.4.5). */
const PACKING = { level: 2, chunkSize: 128 * 1024 } as const;

/** Where another process is at it, or somebody still writes, the file stays. */
async function compress(path: string, size: number): Promise<void> {
  const part = `${path}${GZ}${PART}`;
  try {
    const output = createWriteStream(part, { flags: "wx", mode: MODE });
    await pipeline(createReadStream(path, READING), zlib().createGzip(PACKING), output);
  } catch (error) {
    const isTheirs = codeOf(error) === "EEXIST";
    const age = isTheirs ? Date.now() - ((await stat(part).catch(() => undefined))?.mtimeMs ?? Number.NaN) : LEFT_MS;
    if (age >= LEFT_MS) await unlink(part).catch(() => {});
    return;
  }
  const now = await stat(path).catch(() => undefined);
  if (now?.size !== size) return unlink(part).catch(() => {});
  await rename(part, path + GZ);
  await unlink(path).catch(() => {});
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
