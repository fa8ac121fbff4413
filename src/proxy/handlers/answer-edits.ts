import type { GatewaySession } from "../gateway-ctx.ts";
import type { AppliedEdits } from "./field-edits.ts";

/** Whose fields are edited: an upstream's, those of an answer of ours, those of an error. */
export type AnswerSource = "upstream" | "own" | "error";

/** Edits the fields of an answer, in place, as the routes asked for it (`ctx.edits`). */
export function applyAnswerEdits(
  _edits: readonly AppliedEdits[],
  _headers: Headers,
  _session: GatewaySession,
  _source: AnswerSource,
): void {}
