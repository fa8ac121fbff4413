import type { FieldEdits } from "../../config/routes-model.ts";
import type { GatewaySession } from "../gateway-ctx.ts";
import type { Handler, Outcome } from "./handler.ts";

export class RequestHeader implements Handler {
  constructor(_edits: FieldEdits) {}

  handle(_session: GatewaySession): Outcome | undefined {
    return undefined;
  }
}
