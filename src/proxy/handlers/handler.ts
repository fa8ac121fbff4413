import type { ProxyError } from "../../core/errors.ts";
import type { Awaitable } from "../awaitable.ts";
import type { GatewaySession } from "../gateway-ctx.ts";

/** What came of a handler, when it did not just go on: an answer, a failure, or `ctx.route` says where to forward. */
export type Outcome = Response | ProxyError | typeof FORWARD;

export const FORWARD = "forward";

/** One compiled `HandlerConfig`. Immutable: what it learns of a request it keeps in the session. */
export interface Handler {
  /** Undefined goes on with the next handler, or route. */
  handle(session: GatewaySession): Awaitable<Outcome | undefined>;
}
