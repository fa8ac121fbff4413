import type { GatewaySession } from "../gateway-ctx.ts";
import type { Handler, Outcome } from "./handler.ts";

export class Rewrite implements Handler {
  constructor(_to: string) {}

  handle(_session: GatewaySession): Outcome | undefined {
    return undefined;
  }
}
