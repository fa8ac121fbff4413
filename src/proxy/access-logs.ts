import type { AccessLogConfig } from "../config/model.ts";
import { type AccessLog, openAccessLog } from "../observe/access-log.ts";

/** The access logs of a worker: one for each output, however many routes write to it. They outlive a reload. */
export class AccessLogs implements AsyncDisposable {
  readonly #open = new Map<string, AccessLog>();

  /** Undefined where nothing is to be logged. */
  of({ output, format }: AccessLogConfig): AccessLog | undefined {
    const { type } = output;
    if (type === "off") return undefined;
    const key = `${format} ${type === "file" ? `file ${output.path}` : type}`;
    let log = this.#open.get(key);
    if (log === undefined) {
      log = openAccessLog(type === "file" ? output : { type }, format);
      this.#open.set(key, log);
    }
    return log;
  }

  /** Writes out what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    const logs = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(logs.map((log) => log[Symbol.asyncDispose]()));
  }
}
