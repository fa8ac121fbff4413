import type { Trial } from "../upstream/health/breaker.ts";
import type { AppliedEdits } from "./handlers/field-edits.ts";
import type { Encoder } from "./handlers/encode.ts";
import type { ErrorRoutes, Failure } from "./error-routes.ts";
import type { Trace } from "./identity.ts";
import type { MaintenanceNotice } from "./maintenance.ts";
import type { ResponseHead } from "./phases.ts";
import type { ProxyRoute } from "./proxy-route.ts";
import type { CompiledRoute } from "./route-list.ts";
import type { RouteLog } from "./route-log.ts";
import type { Session } from "./session.ts";

/** What the gateway remembers of one request between its phases. */
export class GatewayCtx {
  /** Where it is forwarded to; undefined until a route said so. */
  route: ProxyRoute | undefined = undefined;
  /** Edits of the answer's fields, in the order in which the routes asked for them. */
  edits: AppliedEdits[] | undefined = undefined;
  /** Compresses the answer where that may be. */
  encoder: Encoder | undefined = undefined;
  /** Who the client is, by a password that was right. */
  user: string | undefined = undefined;
  /** The routes have seen it. */
  isRouted = false;
  accessLog: RouteLog | undefined = undefined;
  /** Its identifier; where requests have none, what its placeholder gave, made when first asked for. */
  uuid: string | undefined = undefined;
  /** Its place in a trace; undefined where no part is taken in any. */
  trace: Trace | undefined = undefined;
  /** Why a handler refused it, in words. */
  refusal: string | undefined = undefined;
  /** Until when attempts may begin, by `performance.now()`; NaN where the route sets no time. */
  triesEndAt = Number.NaN;
  /** The upstream's answer, while it is asked whether another one is to be given in its place. */
  answered: ResponseHead | undefined = undefined;
  /** Its target before the route that forwards it rewrote it, where that has routes for answers. */
  targetBefore: string | undefined = undefined;
  /** What answers in place of a failure from here on. */
  errors: ErrorRoutes | undefined = undefined;
  /** The failure that is answered by `errors`, or that was. */
  failure: Failure | undefined = undefined;
  /** What is said in its place, where the route that it would take is in maintenance. */
  notice: MaintenanceNotice | undefined = undefined;
  /** When the present attempt began, by `performance.now()`; 0 where nobody asks. */
  attemptedAt = 0;
  /** The trial of a breaker that the attempt is, if it is one. */
  trial: Trial = undefined;
  /** An attempt was begun that passive health has heard nothing of since. */
  isUnderWay = false;
  /** The present attempt has counted as a failure of its peer. */
  isCharged = false;
  /** The route that answered or forwarded it, or that is closed; the innermost, and the first. */
  taken: CompiledRoute | undefined = undefined;
  /** That its last attempt failed is in the counts of its peer. */
  isFailureCounted = false;
}

/** A request that the gateway serves. */
export type GatewaySession = Session<GatewayCtx>;
