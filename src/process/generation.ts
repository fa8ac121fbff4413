import type { Config, ListenerConfig, RouteConfig } from "../config/model.ts";
import type { WorkerMeter } from "../observe/metrics/worker-meter.ts";
import type { BridgeData } from "../proxy/bridge.ts";
import { ConnectionLimits } from "../proxy/connection-limits.ts";
import { Engine } from "../proxy/engine.ts";
import { Gateway, type GatewayCounters } from "../proxy/gateway.ts";
import type { GatewayCtx } from "../proxy/gateway-ctx.ts";
import { Identity } from "../proxy/identity.ts";
import type { Maintenance } from "../proxy/maintenance.ts";
import type { OpenStream } from "../proxy/open-streams.ts";
import { RandomHex } from "../proxy/random-hex.ts";
import type { ProxyRoute } from "../proxy/proxy-route.ts";
import type { Service as ListenerService } from "../server/listener.ts";
import { HealthChecker, type Watched } from "../upstream/health/checker.ts";
import type { Peer } from "../upstream/peer.ts";
import { listenerNames } from "./listener-names.ts";
import type { Probing, Service } from "./service.ts";

/** So long a start or a reload waits for the first answers about names. */
const FIRST_LOOK_MS = 1_000;

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
  /** Called when what names stand for has changed: `peers` is another set. */
  onPeersChanged: (() => void) | undefined = undefined;
  readonly #byRoutes = new Map<readonly RouteConfig[], RoutesAtWork>();
  readonly #proxyRoutes: readonly ProxyRoute[];
  readonly #healthChecker: HealthChecker;
  readonly #probing: Probing;
  readonly #maintenance: Maintenance;
  readonly #meter: WorkerMeter;
  /** Where streams may stay. */
  readonly #routesByKey = new Map<string, ProxyRoute[]>();

  /** Compiles it and starts nothing: it may be given up again. */
  constructor(config: Config, service: Service) {
    this.config = config;
    this.#maintenance = service.maintenance;
    this.#meter = service.meter;
    const meter = config.process.metrics ? service.meter : undefined;
    this.listeners = listenerNames(config.listeners);
    const limits = limitsOf(config, service);
    const identity = identityOf(config);
    for (const { routes } of config.listeners) {
      if (!this.#byRoutes.has(routes))
        this.#byRoutes.set(routes, putToWork(routes, service, { meter, limits, identity }));
    }
    this.#probing = service.probing;
    this.#proxyRoutes = [...this.#byRoutes.values()].flatMap((atWork) => atWork.proxyRoutes);
    for (const route of this.#proxyRoutes) route.onPeersChanged = () => this.#followPeers();
    this.#healthChecker = new HealthChecker(this.#watched, service.log, { onVerdicts: service.probing.onVerdicts });
    for (const [name, { routes }] of this.listeners) this.#noteRoutes(name, this.#byRoutes.get(routes)?.proxyRoutes);
  }

  /** Every peer that something is forwarded to now. */
  get peers(): ReadonlySet<Peer> {
    return new Set(this.#proxyRoutes.flatMap((route) => route.peers));
  }

  /** Waits for the first answers about names, not for long: a name that is not resolved stops no start. */
  async looked(): Promise<void> {
    const routes = this.#proxyRoutes.filter((route) => route.isLookedUp);
    if (routes.length === 0) return;
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, FIRST_LOOK_MS);
    await Promise.race([Promise.all(routes.map((route) => route.looked())), late]);
    clearTimeout(timer);
  }

  /** What serves a listener of this configuration. */
  serviceFor(listener: ListenerConfig): ListenerService<BridgeData> {
    const atWork = this.#byRoutes.get(listener.routes);
    if (atWork === undefined) throw new Error("a listener of another configuration");
    return { handler: atWork.engine, websocket: atWork.websocket };
  }

  /** Whether the route of a stream is there, and still forwards to its peer. */
  hasPlaceFor(stream: OpenStream): boolean {
    return this.#routesByKey.get(stream.routeKey)?.some((route) => route.carries(stream.peer)) === true;
  }

  /** It is what serves from now on. Starts what runs by itself: health checks. */
  start(): void {
    this.#meter.onConfigured();
    this.#maintenance.page = this.config.process.maintenancePage;
    // Another worker is told, also of what nobody looks at any more.
    if (this.#probing.isProber) this.#healthChecker.start();
  }

  /** Stops what runs by itself. Requests that it began go on. */
  [Symbol.dispose](): void {
    this.#healthChecker[Symbol.dispose]();
    this.onPeersChanged = undefined;
    for (const route of this.#proxyRoutes) route[Symbol.dispose]();
  }

  get #watched(): readonly Watched[] {
    return this.#proxyRoutes.flatMap(({ peers, config: { activeHealth } }) =>
      peers.map((peer) => ({ peer, check: activeHealth })),
    );
  }

  #followPeers(): void {
    this.#healthChecker.follow(this.#watched);
    this.onPeersChanged?.();
  }

  #noteRoutes(listener: string, routes: readonly ProxyRoute[] = []): void {
    for (const route of routes) {
      // As `Session.routeKey` has it.
      const routeKey = `${listener} ${route.key}`;
      const known = this.#routesByKey.get(routeKey);
      if (known === undefined) this.#routesByKey.set(routeKey, [route]);
      else known.push(route);
    }
  }
}

/** Workers share a limit on all evenly, so that it holds for the whole; undefined where there is none. */
function limitsOf({ process }: Config, { connections, log }: Service): ConnectionLimits | undefined {
  const { maxConnections, maxConnectionsPerIp: perClient, threads } = process;
  if (maxConnections === 0 && perClient === 0) return undefined;
  const all = maxConnections === 0 ? 0 : Math.max(1, Math.floor(maxConnections / threads));
  return new ConnectionLimits(connections, { all, perClient }, log);
}

function identityOf({ process: { requestId, traceContext } }: Config): Identity | undefined {
  if (requestId === undefined && !traceContext) return undefined;
  return new Identity(requestId, traceContext ? new RandomHex() : undefined);
}

function putToWork(routes: readonly RouteConfig[], service: Service, counters: GatewayCounters): RoutesAtWork {
  const { log, lanes, budget, webSockets, streams } = service;
  const gateway = new Gateway(routes, service, counters);
  const configs = gateway.proxyRoutes.map((route) => route.config);
  const maxMessageBytes = Math.max(0, ...configs.map((config) => config.websocket.maxMessageBytes));
  return {
    engine: new Engine(gateway, { log, lanes, budget, webSockets, streams }),
    proxyRoutes: gateway.proxyRoutes,
    websocket: webSockets.handlerFor(maxMessageBytes),
  };
}
