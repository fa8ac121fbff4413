import type { AccessRecord } from "./access-record.ts";
import type { LineFormat } from "./line-format.ts";
import type { LineLog } from "./line-log.ts";

/** A log of requests: records in one format, on their way to one output, which other logs may share. */
export class AccessLog {
  readonly #lines: LineLog;
  readonly #format: LineFormat;

  constructor(lines: LineLog, format: LineFormat) {
    this.#lines = lines;
    this.#format = format;
  }

  /** The output takes no more for now, and what would have been written is counted as lost. */
  isFull(): boolean {
    return this.#lines.isFull();
  }

  /** Never waits, never throws. */
  write(record: AccessRecord): void {
    this.#lines.write(this.#format.line(record));
  }
}
