import { type AnswerHead, statusOf } from "./answer-head.ts";
import type { HeadSplit } from "./head-buffer.ts";

/** A longer body goes to the client in another form than as the bytes of a Response. */
const MOST_WHOLE_BYTES = 12_000;

/**
 * What may be the whole answer as Bun's: the fields cost less there than beside it, to be copied. They are those of `before`, or
 * are still to come.
 */
export function wholeResponse(
  { text, rest }: HeadSplit,
  before: AnswerHead | undefined,
  method: string,
): Response | undefined {
  if (rest.length === 0 || rest.length > MOST_WHOLE_BYTES || method === "HEAD") return undefined;
  const status = before?.status ?? statusOf(text);
  // Of a head that is still to be read this is a guess, and Bun takes no other status.
  if (!(status >= 200 && status <= 599) || status === 204 || status === 205 || status === 304) return undefined;
  const body = rest as Uint8Array<ArrayBuffer>;
  return new Response(body, before === undefined ? { status } : { status, headers: before.headers });
}
