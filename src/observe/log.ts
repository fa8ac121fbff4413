import { createConsola, type ConsolaInstance, type ConsolaReporter, type LogObject } from "consola";

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
const jsonReporter: ConsolaReporter = {
  log(entry: LogObject) {
    const [message, facts] = entry.args as [string, LogFacts | undefined];
    const line = { time: entry.date.toISOString(), level: entry.type, message, ...facts };
    process.stderr.write(`${JSON.stringify(line)}\n`);
  },
};

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

/**
 * Makes the log: human lines where `isTerminal`, JSON lines otherwise. Everything goes to standard error.
 */
export function createLog(options: { readonly level: LogLevel; readonly isTerminal: boolean }): Log {
  const level = LEVELS[options.level];
  const base = { level, stdout: process.stderr, stderr: process.stderr };
  const consola: ConsolaInstance = options.isTerminal
    ? createConsola({ ...base, formatOptions: { date: true } })
    : createConsola({ ...base, reporters: [jsonReporter] });
  // consola holds back lines that repeat within a second; a proxy's log must not lose any.
  consola.options.throttle = 0;
  const write = options.isTerminal
    ? (to: (text: string) => void) => (message: string, facts?: LogFacts) => to(human(message, facts))
    : (to: (...args: unknown[]) => void) => (message: string, facts?: LogFacts) => to(message, facts);
  return {
    error: write((...args: unknown[]) => consola.error(args[0], ...args.slice(1))),
    warn: write((...args: unknown[]) => consola.warn(args[0], ...args.slice(1))),
    info: write((...args: unknown[]) => consola.info(args[0], ...args.slice(1))),
    debug: write((...args: unknown[]) => consola.debug(args[0], ...args.slice(1))),
    debugEnabled: level >= LEVELS.debug,
  };
}
