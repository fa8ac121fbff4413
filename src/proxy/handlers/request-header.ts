import type { FieldEdits } from "../../config/routes-model.ts";
import type { GatewaySession } from "../gateway-ctx.ts";
import { type CompiledEdits, compileFieldEdits } from "./field-edits.ts";
import type { Handler } from "./handler.ts";

/** Edits the request's fields: later matchers, and the upstream, see them. */
export class RequestHeader implements Handler {
  readonly #edits: CompiledEdits;

  constructor(edits: FieldEdits) {
    this.#edits = compileFieldEdits(edits);
  }

  handle(session: GatewaySession): undefined {
    this.#edits.apply(session.editHeaders(), session);
  }
}
