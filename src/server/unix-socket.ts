import { linkSync, lstatSync, renameSync, rmSync, unlinkSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * Removes the file of a unix socket that nobody listens on any more: a process that was killed leaves it behind, and
 * no one can listen there again while it lies. One that is listened on, and a file that is no socket, are left alone.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return;
  const isAlive = await Bun.connect({ unix: path, socket: { data() {} } }).then(
    (socket) => {
      socket.end();
      return true;
    },
    (error: unknown) => !(error instanceof Error && "code" in error && error.code === "ECONNREFUSED"),
  );
  if (!isAlive) unlinkSync(path);
}

/**
 * The file of a unix socket that is listened on. Bun listens under another name, and the file is then given its own: so
 * one listener can take another's place without a gap, and the old one, which when it stops removes the file that it was
 * told (Bun 1.4.5), does not take the new one's away.
 */
export class SocketFile implements Disposable {
  /** What Bun is to listen on. */
  readonly temporary: string;
  readonly #path: string;
  #inode: number | undefined = undefined;

  constructor(path: string) {
    this.#path = path;
    this.temporary = join(dirname(path), `.${crypto.randomUUID().slice(0, 6)}`);
  }

  /**
   * Gives the file its name, when it is listened on.
   *
   * @param replaces whether it takes the place of what lies there
   * @throws an error with code EADDRINUSE where something lies there
   */
  publish(replaces: boolean): void {
    try {
      if (replaces) renameSync(this.temporary, this.#path);
      else linkSync(this.temporary, this.#path);
    } catch (error) {
      const isTaken = error instanceof Error && "code" in error && error.code === "EEXIST";
      throw isTaken ? Object.assign(new Error(`${this.#path} is in use`), { code: "EADDRINUSE" }) : error;
    } finally {
      rmSync(this.temporary, { force: true });
    }
    this.#inode = lstatSync(this.#path).ino;
  }

  /** Removes the file, unless it has become another's. */
  [Symbol.dispose](): void {
    if (this.#inode === undefined) return;
    if (lstatSync(this.#path, { throwIfNoEntry: false })?.ino === this.#inode) rmSync(this.#path, { force: true });
    this.#inode = undefined;
  }
}
