/** What came of an action, as the page says it. */
export interface Outcome {
  readonly isDone: boolean;
  readonly text: string;
}

/** Problems of a configuration that are said; the log and `gatekeeper reload` have all. */
const MOST_PROBLEMS = 2;

export interface Answered {
  readonly status: number;
  /** Of its JSON; undefined where it was none. */
  readonly body: unknown;
  /** What was asked for, as it is said when it is done. */
  readonly done: string;
}

/** The words of an answer of the listener: its own where it has some, else what was asked for. */
export function outcomeOf({ status, body, done }: Answered): Outcome {
  if (status >= 400 || field(body, "type") === "refused") {
    const reason = field(body, "reason") ?? field(body, "error") ?? field(body, "summary");
    const why = [reason ?? `it was answered ${status}`, field(body, "help"), ...problemsOf(body)];
    const text = why.filter((part) => part !== undefined).join("; ");
    return { isDone: false, text: `Not done: ${text}${/[.?!]$/.test(text) ? "" : "."}` };
  }
  const more = [
    ...sentence("", [field(body, "summary")]),
    ...sentence("To be seen to: ", problemsOf(body)),
    ...sentence("Answered 503, since no upstream is left: ", [listOf(body, "stranded").filter(isText).join(", ")]),
  ];
  return { isDone: true, text: [done, ...more].join(" ") };
}

function sentence(before: string, parts: readonly (string | undefined)[]): readonly string[] {
  const text = parts.filter((part) => part !== undefined && part !== "").join("; ");
  return text === "" ? [] : [`${before}${before === "" ? text.charAt(0).toUpperCase() + text.slice(1) : text}.`];
}

/** With the file and the line of each, as an editor takes them. */
function problemsOf(body: unknown): readonly string[] {
  const problems = listOf(body, "problems").flatMap((problem) => {
    const message = field(problem, "message");
    const place = valueOf(problem, "place");
    const line = valueOf(valueOf(place, "at"), "line");
    const where = [field(place, "file"), typeof line === "number" ? String(line) : undefined];
    return message === undefined
      ? []
      : [[...where.filter((part) => part !== undefined), ` ${message}`].join(":").trim()];
  });
  const rest = problems.length - MOST_PROBLEMS;
  return rest <= 0 ? problems : [...problems.slice(0, MOST_PROBLEMS), `and ${rest} more`];
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function field(body: unknown, name: string): string | undefined {
  const value = valueOf(body, name);
  return isText(value) && value !== "" ? value : undefined;
}

function listOf(body: unknown, name: string): readonly unknown[] {
  const value = valueOf(body, name);
  return Array.isArray(value) ? value : [];
}

function valueOf(body: unknown, name: string): unknown {
  return typeof body === "object" && body !== null ? (body as Readonly<Record<string, unknown>>)[name] : undefined;
}
