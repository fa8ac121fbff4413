import { closeSync, openSync } from "node:fs";
import { isOutOfFiles } from "../core/free-file.ts";

/** Files that are open for nothing but to be closed when others are needed: nobody can take what they stand for. */
export class KeptFiles implements Disposable {
  readonly #files: number[] = [];

  get size(): number {
    return this.#files.length;
  }

  /** Has so many, or as many as there are. */
  keep(count: number): void {
    try {
      while (this.#files.length < count) this.#files.push(openSync("/dev/null", "r"));
    } catch (error) {
      if (!isOutOfFiles(error)) throw error;
    }
    for (const file of this.#files.splice(count)) closeSync(file);
  }

  [Symbol.dispose](): void {
    this.keep(0);
  }
}
