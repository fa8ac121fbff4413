import type { AccessLogConfig } from "../config/model.ts";
import { AccessLog } from "../observe/access-log.ts";
import { lineFormat } from "../observe/line-format.ts";
import type { LineOutput } from "../observe/line-file.ts";
import { LineLog } from "../observe/line-log.ts";
import type { Log } from "../observe/log.ts";
import { RouteLog } from "./route-log.ts";

/** The access logs of a worker: one way to each output, however many routes write to it. They outlive a reload. */
export class AccessLogs implements AsyncDisposable {
  readonly #open = new Map<string, LineLog>();
  readonly #log: Log;

  /** @param log is told when an access log cannot be written */
  constructor(log: Log) {
    this.#log = log;
  }

  /** Lines that were lost so far, of all of them. */
  get dropped(): number {
    let dropped = 0;
    for (const lines of this.#open.values()) dropped += lines.dropped;
    return dropped;
  }

  /** Undefined where nothing is to be logged. */
  of(config: AccessLogConfig): RouteLog | undefined {
    const { output } = config;
    if (output.type === "off") return undefined;
    const format = lineFormat(config);
    const wanted: LineOutput = output.type === "file" ? output : { type: output.type };
    const key = `${config.format} ${JSON.stringify(output)}`;
    let lines = this.#open.get(key);
    if (lines === undefined) {
      const name = output.type === "file" ? output.path : output.type;
      lines = new LineLog(wanted, {
        onFailure: (reason) => this.#log.error("the access log cannot be written", { output: name, reason }),
        onRollFailure: (reason) => this.#log.error("the access log cannot be put aside", { output: name, reason }),
        onLoss: (count) => this.#log.warn("lines of the access log were lost", { output: name, lines: count }),
        dropped: (count, atMs) => format.dropped(count, atMs),
      });
      this.#open.set(key, lines);
    }
    return new RouteLog(new AccessLog(lines, format), config);
  }

  /** Opens files anew, after they were moved away. */
  async reopen(): Promise<void> {
    await Promise.all([...this.#open.values()].map((lines) => lines.reopen()));
  }

  /** Writes out what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.#open.values()];
    await Promise.all(all.map((lines) => lines[Symbol.asyncDispose]()));
  }
}
