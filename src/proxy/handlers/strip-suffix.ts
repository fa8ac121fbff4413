import type { GatewaySession } from "../gateway-ctx.ts";
import { compileTemplate, type Template } from "../template.ts";
import type { Handler } from "./handler.ts";
import { encodePath, retarget } from "./target.ts";

/** Takes a suffix from the end of the path: in any case, spelled as it was sent (Caddy). */
export class StripSuffix implements Handler {
  readonly #suffix: Template;

  constructor(suffix: string) {
    this.#suffix = compileTemplate(suffix);
  }

  handle(session: GatewaySession): undefined {
    const suffix = encodePath(this.#suffix.of(session)).toLowerCase();
    const { path } = session;
    if (suffix === "" || !path.toLowerCase().endsWith(suffix)) return;
    retarget(session, path.slice(0, path.length - suffix.length));
  }
}
