import type { HandlerConfig } from "../../config/routes-model.ts";
import type { GatewaySession } from "../gateway-ctx.ts";
import type { Handler } from "./handler.ts";
import { compileReplacement, type Replacement } from "./replacement.ts";
import { encodePath, retarget } from "./target.ts";

/** Replaces what a regular expression finds in the path, as it is spelled (Caddy). */
export class ReplaceRegexp implements Handler {
  readonly #regexp: RegExp;
  readonly #replacement: Replacement;

  constructor(config: Extract<HandlerConfig, { readonly type: "replace_regexp" }>) {
    this.#regexp = new RegExp(config.regexp, "g");
    this.#replacement = compileReplacement(config.with);
  }

  handle(session: GatewaySession): undefined {
    const { path } = session;
    const replaced = this.#replacement.replaceIn(path, this.#regexp, session);
    if (replaced !== path) retarget(session, encodePath(replaced));
  }
}
