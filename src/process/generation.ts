import type { Config, ListenerConfig, RouteConfig } from "../config/model.ts";
import type { BridgeData } from "../proxy/bridge.ts";
import { Engine } from "../proxy/engine.ts";
import { Gateway } from "../proxy/gateway.ts";
import type { GatewayCtx } from "../proxy/gateway-ctx.ts";
import type { Maintenance } from "../proxy/maintenance.ts";
import type { OpenStream } from "../proxy/open-streams.ts";
import type { ProxyRoute } from "../proxy/proxy-route.ts";
import type { Service as ListenerService } from "../server/listener.ts";
import { HealthChecker } from "../upstream/health/checker.ts";
import type { Peer, PeerLife } from "../upstream/peer.ts";
import { listenerNames } from "./listener-names.ts";
import type { Service } from "./service.ts";

/** Routes at work. Listeners that share their routes share this. */
interface RoutesAtWork {
  readonly engine: Engine<GatewayCtx>;
  readonly proxyRoutes: readonly ProxyRoute[];
  readonly websocket: Bun.WebSocketHandler<BridgeData>;
}

/** One configuration at work: what a reload puts another in the place of, as a whole. Owns its health checks. */
export class Generation implements Disposable {
  readonly config: Config;
  /** Listeners by their names. */
  readonly listeners: ReadonlyMap<string, ListenerConfig>;
  /** Every peer that something is forwarded to. */
  readonly peers: ReadonlySet<Peer>;
  readonly #byRoutes = new Map<readonly RouteConfig[], RoutesAtWork>();
  readonly #healthChecker: HealthChecker;
  readonly #maintenance: Maintenance;
  /** Where streams may stay: the addresses that each route forwards to. */
  readonly #livesByRoute = new Map<string, Set<PeerLife>>();

  /** Compiles it and starts nothing: it may be given up again. */
  constructor(config: Config, service: Service) {
    this.config = config;
    this.#maintenance = service.maintenance;
    this.listeners = listenerNames(config.listeners);
    for (const { routes } of config.listeners) {
      if (!this.#byRoutes.has(routes)) this.#byRoutes.set(routes, putToWork(routes, service));
    }
    const proxyRoutes = [...this.#byRoutes.values()].flatMap((atWork) => atWork.proxyRoutes);
    this.peers = new Set(proxyRoutes.flatMap((route) => route.peers));
    this.#healthChecker = new HealthChecker(
      proxyRoutes.flatMap(({ peers, config: { activeHealth } }) =>
        peers.map((peer) => ({ peer, check: activeHealth })),
      ),
      service.log,
    );
    for (const [name, { routes }] of this.listeners) this.#noteLives(name, this.#byRoutes.get(routes)?.proxyRoutes);
  }

  /** What serves a listener of this configuration. */
  serviceFor(listener: ListenerConfig): ListenerService<BridgeData> {
    const atWork = this.#byRoutes.get(listener.routes);
    if (atWork === undefined) throw new Error("a listener of another configuration");
    return { handler: atWork.engine, websocket: atWork.websocket };
  }

  /** Whether the route of a stream is there, and still forwards to its peer. */
  hasPlaceFor(stream: OpenStream): boolean {
    return this.#livesByRoute.get(stream.routeKey)?.has(stream.peer.life) === true;
  }

  /** It is what serves from now on. Starts what runs by itself: health checks. */
  start(): void {
    this.#maintenance.page = this.config.process.maintenancePage;
    this.#healthChecker.start();
  }

  /** Stops what runs by itself. Requests that it began go on. */
  [Symbol.dispose](): void {
    this.#healthChecker[Symbol.dispose]();
  }

  #noteLives(listener: string, routes: readonly ProxyRoute[] = []): void {
    for (const { key, peers } of routes) {
      // As `Session.routeKey` has it.
      const routeKey = `${listener} ${key}`;
      const lives = this.#livesByRoute.get(routeKey) ?? new Set<PeerLife>();
      for (const { life } of peers) lives.add(life);
      this.#livesByRoute.set(routeKey, lives);
    }
  }
}

function putToWork(routes: readonly RouteConfig[], service: Service): RoutesAtWork {
  const { log, lanes, budget, webSockets, streams } = service;
  const gateway = new Gateway(routes, service);
  const configs = gateway.proxyRoutes.map((route) => route.config);
  const maxMessageBytes = Math.max(0, ...configs.map((config) => config.websocket.maxMessageBytes));
  return {
    engine: new Engine(gateway, { log, lanes, budget, webSockets, streams }),
    proxyRoutes: gateway.proxyRoutes,
    websocket: webSockets.handlerFor(maxMessageBytes),
  };
}
