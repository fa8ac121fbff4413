import type { GatewaySession } from "../gateway-ctx.ts";
import type { Handler, Outcome } from "./handler.ts";

export class StripSuffix implements Handler {
  constructor(_suffix: string) {}

  handle(_session: GatewaySession): Outcome | undefined {
    return undefined;
  }
}
