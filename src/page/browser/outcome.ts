/** What came of an action, as the page says it. */
export interface Outcome {
  readonly isDone: boolean;
  readonly text: string;
}

/** The words of an answer of the listener: its own where it has some, else what was asked for. */
export function outcomeOf(
  ok: boolean,
  status: number,
  answer: { readonly body: unknown; readonly done: string },
): Outcome {
  const { body, done } = answer;
  const reason = field(body, "reason") ?? field(body, "error") ?? field(body, "message");
  const help = field(body, "help");
  if (!ok || field(body, "type") === "refused") {
    const why = [reason ?? `it was answered ${status}`, help].filter((part) => part !== undefined);
    return { isDone: false, text: `Not done: ${why.join("; ")}` };
  }
  const stranded = listOf(body, "stranded");
  if (stranded.length === 0) return { isDone: true, text: done };
  const text = `${done} No upstream is left for ${stranded.join(", ")}: what goes there is answered 503.`;
  return { isDone: true, text };
}

function field(body: unknown, name: string): string | undefined {
  const value = valueOf(body, name);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function listOf(body: unknown, name: string): readonly string[] {
  const value = valueOf(body, name);
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

function valueOf(body: unknown, name: string): unknown {
  return typeof body === "object" && body !== null ? (body as Readonly<Record<string, unknown>>)[name] : undefined;
}
