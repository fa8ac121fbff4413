import type { FieldEdits, HandlerConfig } from "../../config/routes-model.ts";
import type { GatewaySession } from "../gateway-ctx.ts";
import { type AppliedEdits, type CompiledEdits, compileFieldEdits } from "./field-edits.ts";
import type { Handler } from "./handler.ts";

/** Asks for edits of the answer's fields. */
export class HeaderHandler implements Handler {
  readonly #immediate: CompiledEdits | undefined;
  readonly #deferred: AppliedEdits | undefined;
  /** True when the immediate edits make the same fields for every request. */
  readonly #isConstant: boolean;
  /** Those fields, once they were made. */
  #constant: AppliedEdits | undefined = undefined;

  constructor({ edits, deferred }: Extract<HandlerConfig, { readonly type: "header" }>) {
    const now = deferred ? NO_EDITS : { ...edits, default: [] };
    const later = deferred ? edits : { ...NO_EDITS, default: edits.default };
    this.#immediate = isEmpty(now) ? undefined : compileFieldEdits(now);
    this.#isConstant = this.#immediate?.isConstant === true && now.replace.length === 0;
    if (isEmpty(later)) return;
    const compiled = compileFieldEdits(later);
    this.#deferred = { deferred: true, apply: (headers, session) => compiled.apply(headers, session) };
  }

  handle(session: GatewaySession): undefined {
    const edits = (session.ctx.edits ??= []);
    if (this.#immediate !== undefined) edits.push(this.#made(this.#immediate, session));
    if (this.#deferred !== undefined) edits.push(this.#deferred);
  }

  #made(immediate: CompiledEdits, session: GatewaySession): AppliedEdits {
    if (this.#constant !== undefined) return this.#constant;
    if (this.#isConstant) {
      const fields = new Headers();
      immediate.apply(fields, session);
      const apply = (headers: Headers, by: GatewaySession): void => immediate.apply(headers, by);
      return (this.#constant = { deferred: false, alone: [...fields], apply });
    }
    // With the values of this moment: what comes later may change them (Caddy).
    const resolved = immediate.resolve(session);
    return { deferred: false, apply: (headers) => resolved.apply(headers, session) };
  }
}

const NO_EDITS: FieldEdits = { add: [], set: [], remove: [], replace: [], default: [] };

function isEmpty(edits: FieldEdits): boolean {
  return Object.values(edits).every((list: readonly unknown[]) => list.length === 0);
}
