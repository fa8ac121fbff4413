import type { HandlerConfig } from "../../config/routes-model.ts";
import type { GatewaySession } from "../gateway-ctx.ts";
import type { Handler, Outcome } from "./handler.ts";

export class ReplaceRegexp implements Handler {
  constructor(_config: Extract<HandlerConfig, { readonly type: "replace_regexp" }>) {}

  handle(_session: GatewaySession): Outcome | undefined {
    return undefined;
  }
}
