import type { GatewaySession } from "../gateway-ctx.ts";
import type { ProxyRoute } from "../proxy-route.ts";
import { FORWARD, type Handler } from "./handler.ts";
import type { Rewrite } from "./rewrite.ts";

/** Ends the search: the request is forwarded. */
export class Proxy implements Handler {
  readonly #route: ProxyRoute;
  readonly #rewrite: Rewrite | undefined;

  /** @param rewrite the target that goes upstream; undefined for the request's own */
  constructor(route: ProxyRoute, rewrite: Rewrite | undefined) {
    this.#route = route;
    this.#rewrite = rewrite;
  }

  handle(session: GatewaySession): typeof FORWARD {
    const { method } = this.#route.config;
    session.keepsBody = this.#route.responses !== undefined;
    if (session.keepsBody) session.ctx.targetBefore = session.target;
    this.#rewrite?.handle(session);
    if (method !== undefined) session.upstreamMethod = method;
    session.ctx.triesEndAt = Number.NaN;
    session.owner = this.#route;
    session.ctx.route = this.#route;
    return FORWARD;
  }
}
