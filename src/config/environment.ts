import { accept, refuse, type Parsed } from "../core/parsed.ts";
import { LOG_LEVEL } from "./kinds.ts";
import type { LogConfig } from "./model.ts";

/** The environment's variable for the log's level. */
export const LOG_VARIABLE = "GATEKEEPER_LOG";

/**
 * Reads a log level as Rust's env_logger does: `info`, or `warn,gatekeeper=debug`, where what names
 * gatekeeper wins, and what names other programs is passed over. Undefined when nothing is for gatekeeper.
 */
export function parseLogVariable(text: string): Parsed<LogConfig["level"] | undefined> {
  let general: LogConfig["level"] | undefined;
  let own: LogConfig["level"] | undefined;
  for (const part of text.split(",").map((each) => each.trim())) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const target = equals < 0 ? undefined : part.slice(0, equals);
    if (equals < 0 && part === "gatekeeper") {
      own = "trace";
      continue;
    }
    const level = LOG_LEVEL.parse(part.slice(equals + 1));
    if (!level.ok) return refuse(`"${part.slice(equals + 1)}" is no level`, level.suggestion);
    if (target === undefined) general = level.value;
    else if (target === "gatekeeper" || target.startsWith("gatekeeper::")) own = level.value;
  }
  return accept(own ?? general);
}
