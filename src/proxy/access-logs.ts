import type { AccessLogConfig } from "../config/model.ts";
import type { Log } from "../observe/log.ts";
import { type AccessLog, openAccessLog } from "../observe/access-log.ts";

/** The access logs of a worker: one for each output, however many routes write to it. They outlive a reload. */
export class AccessLogs implements AsyncDisposable {
  readonly #open = new Map<string, AccessLog>();
  readonly #log: Log;

  /** @param log is told when an access log cannot be written */
  constructor(log: Log) {
    this.#log = log;
  }

  /** Undefined where nothing is to be logged. */
  of({ output, format }: AccessLogConfig): AccessLog | undefined {
    const { type } = output;
    if (type === "off") return undefined;
    const key = `${format} ${type === "file" ? `file ${output.path}` : type}`;
    let log = this.#open.get(key);
    if (log === undefined) {
      const name = type === "file" ? output.path : type;
      log = openAccessLog(type === "file" ? output : { type }, format, (reason) =>
        this.#log.error("the access log cannot be written", { output: name, reason }),
      );
      this.#open.set(key, log);
    }
    return log;
  }

  /** Lines that were lost so far. */
  get dropped(): number {
    let dropped = 0;
    for (const log of this.#open.values()) dropped += log.dropped;
    return dropped;
  }

  /** Opens files anew, after they were moved away. */
  async reopen(): Promise<void> {
    await Promise.all([...this.#open.values()].map((log) => log.reopen()));
  }

  /** Writes out what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    const logs = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(logs.map((log) => log[Symbol.asyncDispose]()));
  }
}
