import type { HandlerConfig } from "../../config/routes-model.ts";
import type { GatewaySession } from "../gateway-ctx.ts";
import type { Handler, Outcome } from "./handler.ts";

export class RewriteHandler implements Handler {
  constructor(_config: Extract<HandlerConfig, { readonly type: "rewrite" }>) {}

  handle(_session: GatewaySession): Outcome | undefined {
    return undefined;
  }
}
