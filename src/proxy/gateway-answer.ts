import type { GatewaySession } from "./gateway-ctx.ts";
import { type AnswerSource, applyAnswerEdits } from "./handlers/field-edits.ts";
import { FailureAnswer } from "./handlers/failure-answer.ts";
import type { ResponseHead } from "./phases.ts";

/** Edits the head of an upstream's answer as the routes that the request passed asked for, and compresses its body. */
export function editUpstreamAnswer(session: GatewaySession, head: ResponseHead): void {
  const { edits, encoder, route } = session.ctx;
  route?.headerDown?.apply(head.headers, session);
  const encoding = encoder?.encodingFor(session.headers, head.status, head.headers, session.method);
  if (encoder !== undefined && encoding !== undefined) {
    encoder.edit(encoding, head.headers);
    head.transform = (body) => encoder.transform(encoding, body);
  }
  if (edits !== undefined) applyAnswerEdits(edits, head.headers, session, "upstream");
}

/** The same for an answer that gatekeeper makes itself. */
export function editOwnAnswer(session: GatewaySession, answer: Response): Response {
  const isFailure = answer instanceof FailureAnswer;
  const { edits } = session.ctx;
  const { headers } = answer;
  const body = isFailure ? answer.body : encoded(session, answer);
  if (edits !== undefined) applyAnswerEdits(edits, headers, session, isFailure ? "error" : "own");
  return body === answer.body ? answer : new Response(body, { status: answer.status, headers });
}

/** What routes set on every answer stands on failures too. */
export function editError(session: GatewaySession, answer: Response): Response {
  const source: AnswerSource = "error";
  if (session.ctx.edits !== undefined) applyAnswerEdits(session.ctx.edits, answer.headers, session, source);
  return answer;
}

function encoded(session: GatewaySession, { status, headers, body }: Response): ReadableStream<Uint8Array> | null {
  const { encoder } = session.ctx;
  const encoding = encoder?.encodingFor(session.headers, status, headers, session.method);
  if (encoder === undefined || encoding === undefined || body === null) return body;
  encoder.edit(encoding, headers);
  return encoder.transform(encoding, body);
}
