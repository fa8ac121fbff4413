import type { AccessLogConfig } from "../config/model.ts";
import { type AccessLog, openAccessLog } from "../observe/access-log.ts";

/** The access logs of a worker: one for each output, however many routes write to it. They outlive a reload. */
export class AccessLogs implements Disposable {
  readonly #open = new Map<string, AccessLog>();

  /** Undefined where nothing is to be logged. */
  of({ output, format }: AccessLogConfig): AccessLog | undefined {
    if (output.type === "off") return undefined;
    const key = `${format} ${output.type === "file" ? `file ${output.path}` : output.type}`;
    let log = this.#open.get(key);
    if (log === undefined) {
      log = openAccessLog(output, format);
      this.#open.set(key, log);
    }
    return log;
  }

  /** Writes out what is left. */
  [Symbol.dispose](): void {
    for (const log of this.#open.values()) log[Symbol.dispose]();
    this.#open.clear();
  }
}
