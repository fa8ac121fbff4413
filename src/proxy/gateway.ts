import type { RouteConfig } from "../config/model.ts";
import { type ErrorKind, OVER_BUDGET, ProxyError } from "../core/errors.ts";
import type { Log } from "../observe/log.ts";
import type { WorkerMeter } from "../observe/metrics/worker-meter.ts";
import type { Peer } from "../upstream/peer.ts";
import type { RetryVerdict } from "../upstream/retry.ts";
import { type Awaitable, whenDone } from "./awaitable.ts";
import type { ConnectionLimits } from "./connection-limits.ts";
import { answerInstead } from "./error-routes.ts";
import { ForwardedFields, setForwarded } from "./forwarded.ts";
import { editError, editOwnAnswer, editUpstreamAnswer } from "./gateway-answer.ts";
import { GatewayCtx, type GatewaySession } from "./gateway-ctx.ts";
import { type CompileContext, RouteCompiler } from "./handlers/compile.ts";
import { FailureAnswer } from "./handlers/failure-answer.ts";
import { FORWARD, type Outcome, PASS_ON } from "./handlers/handler.ts";
import type { Identity } from "./identity.ts";
import { CLOSED, type Maintenance, type MaintenanceNotice } from "./maintenance.ts";
import { Metering } from "./metering.ts";
import { Outcomes } from "./outcomes.ts";
import type { Instead, ProxyHttp, ResponseHead } from "./phases.ts";
import type { ProxyRoute } from "./proxy-route.ts";
import { errorResponse } from "./respond.ts";
import type { RouteList } from "./route-list.ts";

/** What is done with requests beside the routes. */
export interface GatewayCounters {
  /** Where requests are counted; undefined where they are not. */
  readonly meter?: WorkerMeter | undefined;
  /** Undefined where as much is served as comes. */
  readonly limits?: ConnectionLimits | undefined;
  /** What gives requests an identifier; undefined where they have none. */
  readonly identity?: Identity | undefined;
}

/** The routes of one configuration compiled to phases; immutable. Listeners that share their routes share it. */
export class Gateway implements ProxyHttp<GatewayCtx> {
  /** Every place that something is forwarded to. */
  readonly proxyRoutes: readonly ProxyRoute[];
  readonly isObserved: boolean;
  readonly isTimed: boolean;
  readonly connectedToUpstream?: (session: GatewaySession, peer: Peer) => void;
  readonly responseFilter?: (session: GatewaySession, head: ResponseHead) => void;
  readonly upstreamResponseFilter?: (session: GatewaySession, head: ResponseHead) => Awaitable<Instead | undefined>;
  readonly #outcomes: Outcomes;
  readonly #logsRequests: boolean;
  readonly #routes: RouteList;
  readonly #maintenance: Maintenance;
  readonly #limits: ConnectionLimits | undefined;
  readonly #identity: Identity | undefined;
  readonly #log: Log;
  readonly #metering: Metering | undefined;

  constructor(
    routes: readonly RouteConfig[],
    context: CompileContext & { readonly log: Log },
    { meter, limits, identity }: GatewayCounters = {},
  ) {
    const compiler = new RouteCompiler(context, meter);
    this.#limits = limits;
    this.#identity = identity;
    this.#routes = compiler.list(routes);
    this.proxyRoutes = compiler.proxyRoutes;
    this.isObserved = compiler.logsRequests;
    this.#logsRequests = compiler.logsRequests;
    this.isTimed = meter !== undefined;
    const metering = meter && new Metering(meter, compiler.hosts);
    this.#metering = metering;
    if (metering !== undefined) this.connectedToUpstream = (session, peer) => metering.onHead(session, peer);
    // Where no answer is ever edited, the engine passes answers on without asking.
    if (compiler.editsAnswers) this.responseFilter = editUpstreamAnswer;
    if (compiler.handlesResponses) this.upstreamResponseFilter = handleResponse;
    this.#maintenance = context.maintenance;
    this.#log = context.log;
    const outcomes = new Outcomes(context.log);
    this.#outcomes = outcomes;
    if (!this.proxyRoutes.some((route) => route.isWatched)) return;
    const next = this.upstreamResponseFilter;
    this.upstreamResponseFilter = (session, head) => {
      outcomes.onHead(session, head);
      return next?.(session, head);
    };
  }

  newCtx(): GatewayCtx {
    return new GatewayCtx();
  }

  requestFilter(session: GatewaySession): Awaitable<Response | ProxyError | undefined> {
    this.#identity?.begin(session);
    const refused = this.#limits?.enter(session);
    if (refused !== undefined) return refused;
    const { all } = this.#maintenance;
    if (all !== undefined) return this.#closed(session, all);
    session.ctx.isRouted = true;
    const outcome = this.#routes.handle(session);
    return outcome instanceof Promise ? outcome.then((settled) => decide(session, settled)) : decide(session, outcome);
  }

  upstreamPeer(session: GatewaySession): Awaitable<Peer | ProxyError> {
    const { route } = session.ctx;
    return route === undefined ? NO_ROUTE : route.peerFor(session);
  }

  heldPeer(session: GatewaySession, before: Peer): Peer | undefined {
    return session.ctx.route?.peerForHeld(session, before);
  }

  heldAttempt(session: GatewaySession): void {
    const { ctx, peer } = session;
    if (peer !== undefined && ctx.route?.isWatched === true) this.#outcomes.onAttempt(session, peer);
  }

  heldAnswered(session: GatewaySession, head: ResponseHead): void {
    this.#outcomes.onHead(session, head);
    if (session.peer !== undefined) this.#metering?.onHeldHead(session.peer);
  }

  upstreamRequestFilter(session: GatewaySession, headers: Headers, peer: Peer): void {
    const { route } = session.ctx;
    if (route === undefined) return;
    this.#beginAttempt(session, peer, route);
    setForwarded(headers, session, route.trusts(session));
    this.#identity?.send(headers, session);
    route.editRequest(headers, session);
  }

  forwardedAlone(session: GatewaySession, peer: Peer): ForwardedFields | undefined {
    const { route } = session.ctx;
    if (this.#identity !== undefined || route === undefined || route.editsRequests) return undefined;
    this.#beginAttempt(session, peer, route);
    return new ForwardedFields(session, route.trusts(session));
  }

  attemptFailed(session: GatewaySession, peer: Peer, error: ProxyError): void {
    this.#outcomes.onFailure(session, peer, error);
    this.#metering?.onFailure(session, peer, error);
  }

  failToConnect(session: GatewaySession, peer: Peer, error: ProxyError): RetryVerdict {
    return session.ctx.route?.afterFailure(session, peer, error) ?? "give-up";
  }

  errorWhileProxy(session: GatewaySession, peer: Peer, error: ProxyError): RetryVerdict {
    return session.ctx.route?.afterFailure(session, peer, error) ?? "give-up";
  }

  isRepeatable(session: GatewaySession): boolean {
    return session.ctx.route?.mayRepeat(session) === true;
  }

  /** What routes set on every answer stands on failures too. */
  failToProxy(session: GatewaySession, error: ProxyError): Awaitable<Response | typeof FORWARD | undefined> {
    // What is refused before all else has one, too.
    this.#identity?.begin(session);
    const { notice, failure, errors, edits } = session.ctx;
    if (notice !== undefined) {
      return editError(session, this.#maintenance.answer(notice, session.headers.get("accept")));
    }
    // What was to answer for a failure has failed: the first one is told.
    if (failure !== undefined) return editError(session, failure.answer);
    if (errors !== undefined && error.kind !== "client_gone") {
      const failed = { answer: errorResponse(error), message: error.kind };
      return whenDone(answerInstead(session, failed), (instead) => instead ?? editError(session, failed.answer));
    }
    return edits === undefined ? undefined : editError(session, errorResponse(error));
  }

  logging(session: GatewaySession): void {
    if (this.#logsRequests) this.#logRequest(session);
    this.#metering?.onEnd(session);
    const { error } = session;
    if (error === undefined) return;
    this.#outcomes.onEnd(session, error);
    const facts = {
      status: session.status,
      reason: error.kind,
      detail: error.detail,
      method: session.method,
      host: session.host,
      path: session.path,
      remote_ip: session.remoteAddress,
      upstream: session.peer?.name,
      attempts: session.attempts > 1 ? session.attempts : undefined,
      retries: error.isOverBudget ? OVER_BUDGET : undefined,
    };
    // Somebody wants it so, or the log is told of it as a whole: it is no news with each request.
    if (QUIET.has(error.kind)) this.#log.debug("request refused", facts);
    else if (error.side === "upstream") this.#log.warn("request failed", facts);
    else if (error.side === "internal") this.#log.error("request failed", facts);
    else this.#log.info("request failed", facts);
  }

  #beginAttempt(session: GatewaySession, peer: Peer, route: ProxyRoute): void {
    session.ctx.isFailureCounted = false;
    if (route.isWatched) this.#outcomes.onAttempt(session, peer);
  }

  /** What was refused before the routes saw it is logged as they would have. */
  #logRequest(session: GatewaySession): void {
    const { ctx } = session;
    if (!ctx.isRouted) this.#routes.log(session);
    ctx.accessLog?.write(session);
  }

  #closed(session: GatewaySession, notice: MaintenanceNotice): ProxyError {
    session.ctx.notice = notice;
    return CLOSED;
  }
}

const QUIET: ReadonlySet<ErrorKind> = new Set([
  "maintenance",
  "too_many_open_files",
  "connection_limit_reached",
  "client_limit_reached",
]);
const NO_ROUTE = new ProxyError("no_peer_available", "no route says where to");

function handleResponse(session: GatewaySession, head: ResponseHead): Awaitable<Instead | undefined> {
  return session.ctx.route?.responses?.handle(session, head);
}

/** What the engine is told of the routes' outcome. */
function decide(session: GatewaySession, outcome: Outcome | undefined): Awaitable<Response | ProxyError | undefined> {
  if (outcome === FORWARD) return undefined;
  if (outcome === undefined || outcome === PASS_ON) return new ProxyError("no_route", "no route takes this request");
  if (!(outcome instanceof Response)) return outcome;
  if (!(outcome instanceof FailureAnswer) || session.ctx.errors === undefined) return editOwnAnswer(session, outcome);
  const failed = outcome;
  session.ctx.refusal = failed.detail;
  return whenDone(answerInstead(session, { answer: failed, message: failed.message }), (instead) =>
    instead === FORWARD ? undefined : (instead ?? editOwnAnswer(session, failed)),
  );
}
