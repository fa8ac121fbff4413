import type { ProxyError } from "../../core/errors.ts";
import type { Awaitable } from "../awaitable.ts";
import type { GatewaySession } from "../gateway-ctx.ts";
import { FORWARD } from "../phases.ts";

export { FORWARD };

/** As an outcome, among the routes for an upstream's answer: that answer is passed on. */
export const PASS_ON = "pass on";

/** What came of a handler, when it did not just go on: an answer, a failure, or `ctx.route` says where to forward. */
export type Outcome = Response | ProxyError | typeof FORWARD | typeof PASS_ON;

/** One compiled `HandlerConfig`. Immutable: what it learns of a request it keeps in the session. */
export interface Handler {
  /** Undefined goes on with the next handler, or route. */
  handle(session: GatewaySession): Awaitable<Outcome | undefined>;
}

/** What would have come after a handler, for one that finds out late that it does not answer. */
export type Continuation = (session: GatewaySession) => Awaitable<Outcome | undefined>;
