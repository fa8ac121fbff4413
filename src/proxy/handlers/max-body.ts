import type { HandlerConfig } from "../../config/routes-model.ts";
import type { GatewaySession } from "../gateway-ctx.ts";
import type { Handler, Outcome } from "./handler.ts";

export class MaxBodyHandler implements Handler {
  constructor(_config: Extract<HandlerConfig, { readonly type: "max_request_body" }>) {}

  handle(_session: GatewaySession): Outcome | undefined {
    return undefined;
  }
}
