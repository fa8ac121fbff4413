import type { FieldEdits } from "../../config/routes-model.ts";
import type { GatewaySession } from "../gateway-ctx.ts";

/** Edits of a request's fields, compiled. */
export interface CompiledEdits {
  apply(headers: Headers, session: GatewaySession): void;
}

/** Edits of an answer's fields, as a route asked for them for one request. */
export interface AppliedEdits {
  readonly deferred: boolean;
  apply(headers: Headers, session: GatewaySession): void;
}

export function compileFieldEdits(_edits: FieldEdits): CompiledEdits {
  return { apply() {} };
}

/** Whose fields are edited: an upstream's, those of an answer of ours, those of an error. */
export type AnswerSource = "upstream" | "own" | "error";

/** Edits the fields of an answer, in place, as the routes asked for it (`ctx.edits`). */
export function applyAnswerEdits(
  _edits: readonly AppliedEdits[],
  _headers: Headers,
  _session: GatewaySession,
  _source: AnswerSource,
): void {}
