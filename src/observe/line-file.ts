import { close, open, write } from "node:fs";
import { promisify } from "node:util";

const openFile = promisify(open);
const closeFile = promisify(close);

/** Where lines go. */
export type LineOutput = { readonly type: "stdout" | "stderr" } | { readonly type: "file"; readonly path: string };

/** Others may not read what requests were about. */
const MODE = 0o640;
/** How long is waited when a pipe is full. */
const FULL_MS = 20;

/** A file, or a standard stream, that is appended to off the main thread. */
export class LineFile {
  readonly #output: LineOutput;
  #fd: number | undefined = undefined;

  constructor(output: LineOutput) {
    this.#output = output;
  }

  /** Writes all of it. Rejects with what the system says; then the file is opened anew the next time. */
  async append(bytes: Buffer): Promise<void> {
    const fd = (this.#fd ??= await this.#opened());
    try {
      for (let at = 0; at < bytes.length;) at += await writeSome(fd, bytes, at);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Lets go of the file; what comes after this opens it, or what has its name by then, again. */
  async close(): Promise<void> {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined && this.#output.type === "file") await closeFile(fd).catch(() => {});
  }

  async #opened(): Promise<number> {
    const output = this.#output;
    switch (output.type) {
      case "stdout":
        return 1;
      case "stderr":
        return 2;
      case "file":
        return await openFile(output.path, "a", MODE);
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
