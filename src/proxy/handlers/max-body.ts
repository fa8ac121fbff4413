import type { GatewaySession } from "../gateway-ctx.ts";
import type { Handler, Outcome } from "./handler.ts";

export class MaxBody implements Handler {
  constructor(_bytes: number) {}

  handle(_session: GatewaySession): Outcome | undefined {
    return undefined;
  }
}
