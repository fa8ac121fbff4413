import type { GatewaySession } from "../gateway-ctx.ts";

/** Whose fields are edited: an upstream's, those of an answer that a handler made, those of an error. */
export type AnswerSource = "upstream" | "own" | "error";

/** Edits of an answer's fields as a route asked for them, for one request. */
export interface AppliedEdits {
  /** They wait for the answer and see it; the others stand before it, and the answer's own fields come to them. */
  readonly deferred: boolean;
  /** What they make of no fields at all, where that is the same for every request. */
  readonly alone?: readonly (readonly [string, string])[];
  apply(headers: Headers, session: GatewaySession): void;
}

/**
 * Edits the fields of an answer, in place, as Caddy's `header` does. What is not deferred was there before the
 * answer: an upstream's fields are added to it; an answer of ours has it, but where the answer is about just that field;
 * and an error keeps it as well. What is deferred sees the whole answer, the innermost edits first, and never an error.
 */
export function applyAnswerEdits(
  edits: readonly AppliedEdits[],
  headers: Headers,
  session: GatewaySession,
  source: AnswerSource,
): void {
  applyImmediateEdits(edits, headers, session, source);
  if (source !== "error") applyDeferredEdits(edits, headers, session);
}

/** The first half of it: what stood there before the answer. `encode` sees these. */
export function applyImmediateEdits(
  edits: readonly AppliedEdits[],
  headers: Headers,
  session: GatewaySession,
  source: AnswerSource,
): void {
  const before = fieldsBefore(edits, session);
  if (before === undefined) return;
  const cookies: string[] = [];
  for (const [name, value] of before) {
    if (name === "set-cookie") cookies.push(value);
    else if (source === "upstream") putBefore(headers, name, value);
    else if (!(source === "error" ? headers.has(name) : ABOUT_IT.has(name) && headers.has(name))) {
      headers.set(name, value);
    }
  }
  if (cookies.length === 0) return;
  const theirs = headers.getSetCookie();
  headers.delete("set-cookie");
  for (const line of [...cookies, ...theirs]) headers.append("set-cookie", line);
}

/** The second half: what waited for it. */
export function applyDeferredEdits(edits: readonly AppliedEdits[], headers: Headers, session: GatewaySession): void {
  for (let i = edits.length - 1; i >= 0; i--) {
    const edit = edits[i];
    if (edit?.deferred === true) edit.apply(headers, session);
  }
}

/** Fields that an answer of ours sets whatever was there before. */
const ABOUT_IT: ReadonlySet<string> = new Set(["location", "www-authenticate"]);

/**
 * Fields of which only one can hold. Caddy sends two lines, of which clients take one or none; Bun would join
 * them to one value that means nothing. Here the configured one holds.
 */
const SINGLE: ReadonlySet<string> = new Set([
  "access-control-allow-credentials",
  "access-control-allow-origin",
  "access-control-max-age",
  "age",
  "content-disposition",
  "content-location",
  "content-range",
  "content-type",
  "cross-origin-embedder-policy",
  "cross-origin-opener-policy",
  "cross-origin-resource-policy",
  "date",
  "etag",
  "expires",
  "last-modified",
  "location",
  "retry-after",
  "server",
  // Of two lines the first holds (RFC 6797 8.1), a joined one does not.
  "strict-transport-security",
]);

function fieldsBefore(
  edits: readonly AppliedEdits[],
  session: GatewaySession,
): Iterable<readonly [string, string]> | undefined {
  let only: AppliedEdits | undefined;
  let fields: Headers | undefined;
  for (const edit of edits) {
    if (edit.deferred) continue;
    if (only === undefined) {
      only = edit;
      continue;
    }
    if (fields === undefined) {
      fields = new Headers();
      only.apply(fields, session);
    }
    edit.apply(fields, session);
  }
  if (only === undefined || fields !== undefined) return fields;
  if (only.alone !== undefined) return only.alone;
  fields = new Headers();
  only.apply(fields, session);
  return fields;
}

function putBefore(headers: Headers, name: string, value: string): void {
  const theirs = SINGLE.has(name) ? null : headers.get(name);
  headers.set(name, theirs === null ? value : `${value}, ${theirs}`);
}
