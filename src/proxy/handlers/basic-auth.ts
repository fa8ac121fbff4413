import type { BasicAuthConfig } from "../../config/routes-model.ts";
import type { Awaitable } from "../awaitable.ts";
import type { GatewaySession } from "../gateway-ctx.ts";
import type { Handler, Outcome } from "./handler.ts";

export class BasicAuth implements Handler {
  constructor(_config: BasicAuthConfig) {}

  handle(_session: GatewaySession): Awaitable<Outcome | undefined> {
    return undefined;
  }
}
