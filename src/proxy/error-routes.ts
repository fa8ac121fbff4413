import type { StatusPattern } from "../config/model.ts";
import { matchesAnyStatus } from "../upstream/status-pattern.ts";
import { type Awaitable, whenDone } from "./awaitable.ts";
import { editOwnAnswer, keepFields } from "./gateway-answer.ts";
import type { GatewaySession } from "./gateway-ctx.ts";
import { FailureAnswer } from "./handlers/failure-answer.ts";
import { FORWARD, type Handler, type Outcome } from "./handlers/handler.ts";
import type { RouteList } from "./route-list.ts";

/** A failure that may be answered in another way. */
export interface Failure {
  /** What is answered otherwise. */
  readonly answer: Response;
  /** Why, in words that a client may read. */
  readonly message: string;
}

/** Routes for failures of some statuses. */
export interface RoutesForStatuses {
  /** Empty: every one. */
  readonly statuses: readonly StatusPattern[];
  readonly routes: RouteList;
}

/** What is answered in place of failures (`ErrorsConfig`), compiled; as a handler it makes that so from here on. */
export class ErrorRoutes implements Handler {
  readonly #on: readonly RoutesForStatuses[];

  constructor(on: readonly RoutesForStatuses[]) {
    this.#on = on;
  }

  handle(session: GatewaySession): undefined {
    session.ctx.errors = this;
  }

  /** Undefined where no route of theirs answers. */
  answer(session: GatewaySession, status: number, first = 0): Awaitable<Outcome | undefined> {
    for (let i = first; i < this.#on.length; i++) {
      const { statuses, routes } = this.#on[i] as RoutesForStatuses;
      if (!matchesAnyStatus(statuses, status)) continue;
      const outcome = routes.handle(session);
      if (outcome instanceof Promise) return outcome.then((settled) => settled ?? this.answer(session, status, i + 1));
      if (outcome !== undefined) return outcome;
    }
    return undefined;
  }
}

/**
 * What is answered in place of a failure; undefined where nothing is, `FORWARD` where an upstream is to be asked for it. A
 * failure within that is none that is answered in turn.
 */
export function answerInstead(
  session: GatewaySession,
  failure: Failure,
): Awaitable<Response | typeof FORWARD | undefined> {
  const { ctx } = session;
  const { errors } = ctx;
  if (errors === undefined) return undefined;
  ctx.errors = undefined;
  ctx.failure = failure;
  return whenDone(errors.answer(session, failure.answer.status), (outcome) => {
    // What was sent once is not there any more.
    if (outcome === FORWARD) return session.isBodySent ? undefined : FORWARD;
    if (!(outcome instanceof Response) || outcome instanceof FailureAnswer) return undefined;
    keepFields(failure, outcome.headers);
    return editOwnAnswer(session, outcome);
  });
}
