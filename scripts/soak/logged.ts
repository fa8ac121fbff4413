/** A line of the proxy's log, as far as it is looked at. */
export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly reason?: string;
}

/** What a log came to. */
export interface Logged {
  /** How often which reason was given for what. */
  readonly counts: Readonly<Record<string, number>>;
  /** Errors that nothing of what was done to it explains. */
  readonly errors: readonly string[];
}

/** The proxy says so of a worker that was killed. */
const EXPECTED = "a worker ended";

export function loggedIn(text: string): Logged {
  const counts: Record<string, number> = {};
  const errors: string[] = [];
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const { level, message, reason } = parse(line);
    const words = reason === undefined ? message : `${message}: ${reason}`;
    if (reason !== undefined) counts[words] = (counts[words] ?? 0) + 1;
    if (level === "error" && message !== EXPECTED) errors.push(words);
  }
  return { counts, errors };
}

/** What is no JSON is Bun's, and bad news. */
function parse(line: string): LogLine {
  return line.startsWith("{") ? (JSON.parse(line) as LogLine) : { level: "error", message: line };
}
