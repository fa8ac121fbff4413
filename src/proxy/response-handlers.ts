import type { ResponseHandlerConfig, RouteConfig } from "../config/model.ts";
import { compileFieldTest, type FieldTest } from "../routing/field-condition.ts";
import { matchesAnyStatus } from "../upstream/status-pattern.ts";
import { type Awaitable, whenDone } from "./awaitable.ts";
import { answerInstead } from "./error-routes.ts";
import { editOwnAnswer } from "./gateway-answer.ts";
import type { GatewaySession } from "./gateway-ctx.ts";
import { FailureAnswer } from "./handlers/failure-answer.ts";
import { type Continuation, FORWARD, type Outcome, PASS_ON } from "./handlers/handler.ts";
import { parseStatus } from "./handlers/status.ts";
import type { Instead, ResponseHead } from "./phases.ts";
import type { RouteList } from "./route-list.ts";
import { SWITCHING_PROTOCOLS } from "./session.ts";
import { compileTemplate, type Template } from "./template.ts";

interface Compiled {
  readonly statuses: ResponseHandlerConfig["statuses"];
  readonly fields: readonly FieldTest[];
  readonly then: { readonly status: Template } | { readonly routes: RouteList };
}

/** What is done with some answers of one place that is forwarded to (Caddy's `handle_response`), compiled. Immutable. */
export class ResponseHandlers {
  readonly #all: readonly Compiled[];
  readonly #next: Continuation;

  /**
   * @param list compiles the routes of the handler of that number, counted from 1
   * @param next what comes after the forwarding
   */
  constructor(
    configs: readonly ResponseHandlerConfig[],
    list: (routes: readonly RouteConfig[], number: number) => RouteList,
    next: Continuation,
  ) {
    this.#next = next;
    this.#all = configs.map(({ statuses, fields, then }, i) => ({
      statuses,
      fields: fields.map(compileFieldTest),
      then:
        then.type === "replace_status"
          ? { status: compileTemplate(then.status) }
          : { routes: list(then.routes, i + 1) },
    }));
  }

  /**
   * What is answered in place of the upstream's answer. Undefined passes that on; its status may be another then. Where
   * the routes answer nothing, what comes after the forwarding is done, as if it had not been (Caddy).
   */
  handle(session: GatewaySession, head: ResponseHead): Awaitable<Instead | undefined> {
    // A handshake that was accepted is no answer that another could be given for.
    if (head.status === SWITCHING_PROTOCOLS) return undefined;
    for (const { statuses, fields, then } of this.#all) {
      if (!matchesAnyStatus(statuses, head.status) || !fields.every((test) => test(head.headers))) continue;
      const { ctx } = session;
      ctx.answered = head;
      if ("status" in then) {
        head.status = parseStatus(then.status.of(session)) ?? head.status;
        return undefined;
      }
      const before = { route: ctx.route, owner: session.owner, target: session.target };
      // The routes see the request as the one around them does (Caddy).
      const { targetBefore } = ctx;
      if (targetBefore !== undefined && targetBefore !== session.target) session.rewrite(targetBefore);
      session.upstreamMethod = undefined;
      return whenDone(then.routes.handle(session), (outcome) =>
        whenDone(outcome ?? this.#next(session), (last) => settle(session, last, before)),
      );
    }
    return undefined;
  }
}

interface Before {
  readonly route: GatewaySession["ctx"]["route"];
  readonly owner: GatewaySession["owner"];
  readonly target: string;
}

function settle(session: GatewaySession, outcome: Outcome | undefined, before: Before): Awaitable<Instead | undefined> {
  if (outcome === undefined || outcome === PASS_ON) return stay(session, before);
  if (outcome === FORWARD) return session.isBodySent ? stay(session, before) : FORWARD;
  if (!(outcome instanceof Response)) return outcome;
  if (!(outcome instanceof FailureAnswer) || session.ctx.errors === undefined) return editOwnAnswer(session, outcome);
  const failed = outcome;
  session.ctx.refusal = failed.detail;
  return whenDone(
    answerInstead(session, { answer: failed, message: failed.message }),
    (instead) => instead ?? editOwnAnswer(session, failed),
  );
}

/** The answer is the first upstream's after all. */
function stay(session: GatewaySession, { route, owner, target }: Before): undefined {
  session.ctx.route = route;
  session.owner = owner;
  if (session.target !== target) session.rewrite(target);
}
