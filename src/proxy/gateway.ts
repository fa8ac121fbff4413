import type { ReverseProxyConfig, RouteConfig } from "../config/model.ts";
import { ProxyError } from "../core/errors.ts";
import { compileTrustedProxies, type TrustedProxies } from "../core/trust.ts";
import type { Log } from "../observe/log.ts";
import { Router } from "../routing/router.ts";
import { Peer } from "../upstream/peer.ts";
import { roundRobin, type Selection } from "../upstream/selection.ts";
import { setForwarded } from "./forwarded.ts";
import type { ProxyHttp } from "./phases.ts";
import type { Session } from "./session.ts";

/** One configured route, compiled. */
export interface Route {
  readonly name: string;
  readonly config: ReverseProxyConfig;
  readonly peers: readonly Peer[];
  readonly select: Selection;
  readonly trusted: TrustedProxies;
}

/** What the gateway remembers of one request between its phases. */
export interface GatewayCtx {
  route: Route | undefined;
}

/** One configuration compiled to phases; immutable. */
export class Gateway implements ProxyHttp<GatewayCtx> {
  readonly routes: readonly Route[];
  readonly #router: Router<Route>;
  readonly #log: Log;

  constructor(routes: readonly RouteConfig[], log: Log) {
    const compiled = routes.map((config) => [config, compileRoute(config)] as const);
    this.routes = compiled.map(([, route]) => route);
    this.#router = new Router(compiled);
    this.#log = log;
  }

  newCtx(): GatewayCtx {
    return { route: undefined };
  }

  requestFilter(session: Session<GatewayCtx>): ProxyError | undefined {
    const match = this.#router.find(session.path);
    switch (match.type) {
      case "route":
        session.ctx.route = match.route;
        return undefined;
      case "none":
        return new ProxyError("no_route", "no route takes this path");
      case "escapes":
        return new ProxyError("invalid_target", "the path could be read as one outside the context path");
    }
  }

  upstreamPeer(session: Session<GatewayCtx>): Peer | ProxyError {
    const { route } = session.ctx;
    const peer = route?.select(session.tried);
    return peer ?? new ProxyError("no_peer_available", `every upstream of ${route?.name ?? "no route"} is down`);
  }

  upstreamRequestFilter(session: Session<GatewayCtx>, headers: Headers): void {
    const { route } = session.ctx;
    if (route === undefined) return;
    setForwarded(headers, session, route.trusted);
    if (route.config.host !== undefined) headers.set("Host", route.config.host);
  }

  /** Another peer that has not failed this request yet is tried; the same one is not asked twice. */
  failToConnect(session: Session<GatewayCtx>, peer: Peer): "retry" | "give-up" {
    const peers = session.ctx.route?.peers ?? [];
    return peers.some((other) => other !== peer && other.available && !session.tried.includes(other))
      ? "retry"
      : "give-up";
  }

  logging(session: Session<GatewayCtx>): void {
    const { error } = session;
    if (error === undefined) return;
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
    };
    if (error.side === "upstream") this.#log.warn("request failed", facts);
    else if (error.side === "internal") this.#log.error("request failed", facts);
    else this.#log.info("request failed", facts);
  }
}

function compileRoute(route: RouteConfig): Route {
  const config = route.proxy;
  const peers = config.upstreams.map((address) => new Peer(address, config));
  return {
    name: route.name,
    config,
    peers,
    select: roundRobin(peers),
    trusted: compileTrustedProxies(config.trustedProxies),
  };
}
