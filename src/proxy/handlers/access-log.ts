import type { GatewaySession } from "../gateway-ctx.ts";
import type { RouteLog } from "../route-log.ts";
import type { Handler, Outcome } from "./handler.ts";

/** Requests are logged by this log from here on; undefined turns it off again. */
export class AccessLogHandler implements Handler {
  readonly #log: RouteLog | undefined;

  constructor(log: RouteLog | undefined) {
    this.#log = log;
  }

  handle(session: GatewaySession): Outcome | undefined {
    session.ctx.accessLog = this.#log?.takes(session) === true ? this.#log : undefined;
    return undefined;
  }
}
