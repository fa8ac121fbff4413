import type { AccessRecord } from "./access-record.ts";
import { CombinedFormat } from "./combined-line.ts";
import { ConsoleFormat } from "./console-line.ts";
import { JsonFormat, type JsonOmissions } from "./json-line.ts";
import { Redaction, type RedactionOptions } from "./redaction.ts";

/** `json` is Caddy's shape with fields of ours behind it, `console` is for people, the others are Apache's and nginx's. */
export type AccessLogFormat = "json" | "console" | "common" | "combined";

/** How a record is written. Whatever a request holds, it stays one line and harmless on a terminal. */
export interface LineFormat {
  /** One line, with its end. */
  line(record: AccessRecord): string;
  /** The line that stands in the place of those that were lost; "" where the format has none. */
  dropped(count: number, atMs: number): string;
}

export interface LineFormatOptions {
  readonly format: AccessLogFormat;
  readonly redaction: RedactionOptions;
  readonly omits: JsonOmissions;
}

export function lineFormat({ format, redaction: options, omits }: LineFormatOptions): LineFormat {
  const redaction = new Redaction(options);
  switch (format) {
    case "json":
      return new JsonFormat(redaction, omits);
    case "console":
      return new ConsoleFormat(redaction);
    case "common":
    case "combined":
      return new CombinedFormat(redaction, format === "combined");
    default:
      return format satisfies never;
  }
}
