import type { RequestFacts } from "./request-facts.ts";

/** One condition on a request, compiled once, at start or reload. */
export interface Condition {
  /** What it asks for, in the words of a configuration: `path /api/*`. */
  readonly label: string;
  /** It looks at the path in some way, at any depth of `not`. */
  readonly readsPath: boolean;
  /** Asked for each request: makes nothing that has to be collected where it can. */
  matches(facts: RequestFacts): boolean;
  /** In words, why it does not match. Only asked when it does not. */
  reason(facts: RequestFacts): string;
}

const MOST_LISTED = 5;

/** Alternatives as they stand in a sentence: `a, b or c`. */
export function listed(values: readonly string[]): string {
  if (values.length === 0) return "anything (the list is empty)";
  if (values.length > MOST_LISTED) {
    return `${values.slice(0, MOST_LISTED).join(", ")} or one of ${values.length - MOST_LISTED} more`;
  }
  const last = values.at(-1) ?? "";
  return values.length === 1 ? last : `${values.slice(0, -1).join(", ")} or ${last}`;
}

/** A text from a request, which may hold anything. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}
