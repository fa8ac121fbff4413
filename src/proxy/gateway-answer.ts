import { type Awaitable, whenDone } from "./awaitable.ts";
import type { Failure } from "./error-routes.ts";
import type { GatewaySession } from "./gateway-ctx.ts";
import { type AnswerSource, applyDeferredEdits, applyImmediateEdits } from "./handlers/answer-edits.ts";
import type { Encoder, Encoding } from "./handlers/encode.ts";
import { FailureAnswer } from "./handlers/failure-answer.ts";
import type { ResponseHead } from "./phases.ts";

/** Edits the head of an upstream's answer as the routes that the request passed asked for, and compresses its body. */
export function editUpstreamAnswer(session: GatewaySession, head: ResponseHead): void {
  const { encoder, route } = session.ctx;
  const { headers } = head;
  if (session.ctx.failure !== undefined) keepFields(session.ctx.failure, headers);
  setStickyCookie(session, headers);
  route?.headerDown?.apply(headers, session);
  editBefore(session, headers, "upstream");
  const encoding = encoder?.encodingFor(session.headers, head.status, headers, session.method);
  if (encoder !== undefined && encoding !== undefined) {
    const length = Number(headers.get("content-length") ?? -1);
    encoder.edit(encoding, headers);
    head.transform = {
      length,
      stream: (body) => encoder.transform(encoding, body),
      whole: encoder.isQuick(encoding, length) ? (bytes) => encoder.whole(encoding, bytes) : undefined,
    };
  }
  editAfter(session, headers);
}

/** Of the peer that answered in the end, whatever others were tried before. */
function setStickyCookie(session: GatewaySession, headers: Headers): void {
  const { peer, ctx } = session;
  const { route } = ctx;
  const sticky = route?.sticky;
  if (peer === undefined || sticky === undefined || sticky.isKnown(session, peer)) return;
  const cookie = sticky.cookieOf(peer, route?.isHttps(session) === true);
  if (cookie !== undefined) headers.append("Set-Cookie", cookie);
}

/** The same for an answer that a handler made. */
export function editOwnAnswer(session: GatewaySession, answer: Response): Awaitable<Response> {
  const { headers, status } = answer;
  if (answer instanceof FailureAnswer) {
    session.ctx.refusal = answer.detail;
    editBefore(session, headers, "error");
    return answer;
  }
  editBefore(session, headers, "own");
  const { encoder } = session.ctx;
  const encoding = encoder?.encodingFor(session.headers, status, headers, session.method);
  const done = encoder === undefined || encoding === undefined ? answer : encoded(answer, encoder, encoding);
  return whenDone(done, (whole) => {
    editAfter(session, whole.headers);
    return whole;
  });
}

/** What routes set on every answer stands on failures too. */
export function editError(session: GatewaySession, answer: Response): Response {
  editBefore(session, answer.headers, "error");
  return answer;
}

function editBefore(session: GatewaySession, headers: Headers, source: AnswerSource): void {
  const { edits } = session.ctx;
  if (edits !== undefined) applyImmediateEdits(edits, headers, session, source);
}

function editAfter(session: GatewaySession, headers: Headers): void {
  const { edits } = session.ctx;
  if (edits !== undefined) applyDeferredEdits(edits, headers, session);
}

/** A body of ours is in hand, so that its compressed length can be told. */
async function encoded(answer: Response, encoder: Encoder, encoding: Encoding): Promise<Response> {
  const bytes = encoder.whole(encoding, await answer.bytes());
  const { headers, status } = answer;
  encoder.edit(encoding, headers);
  headers.set("Content-Length", String(bytes.length));
  return new Response(bytes, { status, headers });
}

/** What a failure says of itself (`Proxy-Status`, `Retry-After`, `WWW-Authenticate`) stands on what is answered for it. */
export function keepFields({ answer }: Failure, headers: Headers): void {
  for (const [name, value] of answer.headers) {
    if (!name.startsWith("content-") && !headers.has(name)) headers.set(name, value);
  }
}
