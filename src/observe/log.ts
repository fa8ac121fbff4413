// Its core alone: what else it has, and would load, are reporters and prompts.
import { createConsola, type ConsolaReporter, type LogObject } from "consola/core";

export type LogLevel = "error" | "warn" | "info" | "debug" | "trace" | "off";

/** What the rest of the program writes its log with: a sentence, and facts beside it. */
export interface Log {
  error(message: string, facts?: LogFacts): void;
  warn(message: string, facts?: LogFacts): void;
  info(message: string, facts?: LogFacts): void;
  debug(message: string, facts?: LogFacts): void;
  /** True when debug lines are written, so that costly facts are not made for nothing. */
  readonly debugEnabled: boolean;
}

export type LogFacts = Readonly<Record<string, string | number | boolean | undefined>>;

const LEVELS: Readonly<Record<LogLevel, number>> = { off: -999, error: 0, warn: 1, info: 3, debug: 4, trace: 5 };

export const LOG_LEVELS: readonly LogLevel[] = Object.keys(LEVELS) as LogLevel[];

/** One JSON object a line, for a file or a log collector: `{"time":…,"level":…,"message":…,…facts}`. */
function jsonReporter(write: Write): ConsolaReporter {
  return {
    log(entry: LogObject) {
      const [message, facts] = entry.args as [string, LogFacts | undefined];
      const line = { time: entry.date.toISOString(), level: entry.type, message, ...facts };
      write(`${JSON.stringify(line)}\n`);
    },
  };
}

/** Control characters would let a request write into the terminal or forge a line. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;

function printable(text: string): string {
  return text.replace(CONTROL, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

function human(message: string, facts: LogFacts | undefined): string {
  let line = printable(message);
  if (facts !== undefined) {
    for (const [key, value] of Object.entries(facts)) {
      if (value !== undefined) line += ` ${key}=${printable(String(value))}`;
    }
  }
  return line;
}

const COLOURS: Readonly<Record<string, string>> = { error: "\x1b[31m", warn: "\x1b[33m", info: "\x1b[36m" };
const RESET = "\x1b[0m";

/** One line for a person: date and time of day, level, message, facts. */
function humanReporter(write: Write, isColoured: boolean): ConsolaReporter {
  return {
    log(entry: LogObject) {
      const [message, facts] = entry.args as [string, LogFacts | undefined];
      const time = `${entry.date.toISOString().replace("T", " ").slice(0, 19)}Z`;
      const level = entry.type.toUpperCase().padEnd(5);
      const shown = isColoured ? `${COLOURS[entry.type] ?? ""}${level}${RESET}` : level;
      write(`${time} ${shown} ${human(message, facts)}\n`);
    },
  };
}

export interface LogOptions {
  readonly level: LogLevel;
  readonly isTerminal: boolean;
  /** Takes whole lines. Default: standard error. */
  readonly write?: Write;
}

type Write = (line: string) => void;

/** Makes the log: human lines where `isTerminal`, JSON lines otherwise. */
export function createLog(options: LogOptions): Log {
  const write = options.write ?? ((line) => void process.stderr.write(line));
  const level = LEVELS[options.level];
  const isColoured = process.stderr.isTTY === true && (process.env["NO_COLOR"] ?? "") === "";
  const reporters = [options.isTerminal ? humanReporter(write, isColoured) : jsonReporter(write)];
  const consola = createConsola({ level, reporters, stdout: process.stderr, stderr: process.stderr });
  // consola holds back lines that repeat within a second; a proxy's log must not lose any.
  consola.options.throttle = 0;
  return {
    error: (message, facts) => consola.error(message, facts),
    warn: (message, facts) => consola.warn(message, facts),
    info: (message, facts) => consola.info(message, facts),
    debug: (message, facts) => consola.debug(message, facts),
    debugEnabled: level >= LEVELS.debug,
  };
}
