import type { GatewaySession } from "../gateway-ctx.ts";
import type { Handler, Outcome } from "./handler.ts";

export class StripPrefix implements Handler {
  constructor(_prefix: string) {}

  handle(_session: GatewaySession): Outcome | undefined {
    return undefined;
  }
}
