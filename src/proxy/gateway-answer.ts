import type { GatewaySession } from "./gateway-ctx.ts";
import { applyAnswerEdits } from "./handlers/field-edits.ts";
import type { ResponseHead } from "./phases.ts";

/** Edits the head of an upstream's answer as the routes that the request passed asked for, and compresses its body. */
export function editUpstreamAnswer(session: GatewaySession, head: ResponseHead): void {
  const { edits, encoder, route } = session.ctx;
  route?.headerDown?.apply(head.headers, session);
  if (encoder !== undefined) {
    const encoding = encoder.encodingFor(session.headers, head.status, head.headers, session.method);
    if (encoding !== undefined) {
      encoder.edit(encoding, head.headers);
      head.transform = (body) => encoder.transform(encoding, body);
    }
  }
  if (edits !== undefined) applyAnswerEdits(edits, head.headers, session, "upstream");
}

/** The same for an answer that gatekeeper makes itself, or for an error. */
export function editAnswer(session: GatewaySession, response: Response, source: "own" | "error"): Response {
  const { edits, encoder } = session.ctx;
  const encoding =
    source === "own" && encoder !== undefined
      ? encoder.encodingFor(session.headers, response.status, response.headers, session.method)
      : undefined;
  if (edits === undefined && encoding === undefined) return response;
  const { headers } = response;
  let { body } = response;
  if (encoder !== undefined && encoding !== undefined && body !== null) {
    encoder.edit(encoding, headers);
    body = encoder.transform(encoding, body);
  }
  if (edits !== undefined) applyAnswerEdits(edits, headers, session, source);
  return new Response(body, { status: response.status, headers });
}
