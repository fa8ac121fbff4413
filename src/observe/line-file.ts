import { close, fstat, open, write } from "node:fs";
import { promisify } from "node:util";
import { Rolling, type RollingOptions } from "./rolling.ts";

const openFile = promisify(open);
const closeFile = promisify(close);
const statFile = promisify(fstat);

/** Where lines go. */
export type LineOutput =
  | { readonly type: "stdout" | "stderr" }
  /** Without `rolling` it grows. */
  | { readonly type: "file"; readonly path: string; readonly rolling: RollingOptions | undefined };

/** Others may not read what requests were about. */
const MODE = 0o640;
const END = Buffer.from("\n");
/** How long is waited when a pipe is full. */
const FULL_MS = 20;

/** A file, or a standard stream, that is appended to off the main thread. */
export class LineFile {
  readonly #output: LineOutput;
  readonly #rolling: Rolling | undefined;
  readonly #onRollFailure: (error: unknown) => void;
  #fd: number | undefined = undefined;
  /** Of what is open, where it is a file that may be put aside. */
  #inode: number | undefined = undefined;
  /** A line was begun, and could not be ended. */
  #isTorn = false;

  /** @param onRollFailure is told why a file cannot be put aside; it grows then */
  constructor(output: LineOutput, onRollFailure: (error: unknown) => void = () => {}) {
    this.#output = output;
    this.#onRollFailure = onRollFailure;
    if (output.type === "file" && output.rolling !== undefined)
      this.#rolling = new Rolling(output.path, output.rolling);
  }

  /** Writes all of it. Rejects with what the system says; then the file is opened anew the next time. */
  async append(bytes: Buffer): Promise<void> {
    if (await this.#isFreed(bytes.length)) await this.close();
    const fd = (this.#fd ??= await this.#opened());
    let written = 0;
    try {
      if (this.#isTorn) await writeSome(fd, END, 0);
      this.#isTorn = false;
      while (written < bytes.length) written += await writeSome(fd, bytes, written);
    } catch (error) {
      if (written > 0) this.#isTorn = bytes[written - 1] !== END[0];
      await this.close();
      throw error;
    }
  }

  /** Lets go of the file; what comes after this opens it, or what has its name by then, again. */
  async close(): Promise<void> {
    const fd = this.#fd;
    this.#fd = undefined;
    this.#inode = undefined;
    if (fd !== undefined && this.#output.type === "file") await closeFile(fd).catch(() => {});
  }

  /** Nothing more is appended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#rolling?.[Symbol.dispose]();
    await this.close();
  }

  async #opened(): Promise<number> {
    const output = this.#output;
    switch (output.type) {
      case "stdout":
        return 1;
      case "stderr":
        return 2;
      case "file": {
        const fd = await openFile(output.path, "a", MODE);
        // A device or a pipe is left as it is.
        const found = this.#rolling === undefined ? undefined : await statFile(fd);
        if (found?.isFile() === true) this.#inode = found.ino;
        return fd;
      }
    }
  }

  /** Its name stands for another file now. */
  async #isFreed(moreBytes: number): Promise<boolean> {
    const [rolling, inode] = [this.#rolling, this.#inode];
    if (rolling === undefined || inode === undefined) return false;
    try {
      return await rolling.isFreed(inode, moreBytes, new Date());
    } catch (error) {
      this.#onRollFailure(error);
      return false;
    }
  }
}

/** How much was written: none when a pipe is full, after a pause. */
function writeSome(fd: number, bytes: Buffer, at: number): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  write(fd, bytes, at, bytes.length - at, null, (error, count) => {
    if (error === null) resolve(count);
    else if (error.code === "EAGAIN") setTimeout(resolve, FULL_MS, 0);
    else reject(error);
  });
  return promise;
}
