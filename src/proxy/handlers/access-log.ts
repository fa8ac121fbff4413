import type { AccessLog } from "../../observe/access-log.ts";
import type { GatewaySession } from "../gateway-ctx.ts";
import type { Handler, Outcome } from "./handler.ts";

/** Requests are logged to this log from here on; undefined turns it off again. */
export class AccessLogHandler implements Handler {
  readonly #log: AccessLog | undefined;

  constructor(log: AccessLog | undefined) {
    this.#log = log;
  }

  handle(session: GatewaySession): Outcome | undefined {
    session.ctx.accessLog = this.#log;
    return undefined;
  }
}
