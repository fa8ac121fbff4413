import { onlyLogs } from "../config/access-log.ts";
import type { Config, HandlerConfig, ReverseProxyConfig, RouteConfig } from "../config/model.ts";

/** A route that forwards, and what it is called. */
export interface KeyedProxy {
  /** As `ProxyRoute.key` has it. */
  readonly key: string;
  readonly proxy: ReverseProxyConfig;
}

/** What every route is called, those within others included, each key once. */
export function routeKeysOf(config: Config): readonly string[] {
  const keys = new Set<string>();
  for (const { key } of routesOf(config)) keys.add(key);
  return [...keys];
}

/** Every place that something is forwarded to. */
export function proxiesOf(config: Config): readonly KeyedProxy[] {
  return [...routesOf(config)].flatMap(({ key, handlers }) =>
    handlers.flatMap((handler) => (handler.type === "proxy" ? [{ key, proxy: handler.proxy }] : [])),
  );
}

interface KeyedRoute {
  readonly key: string;
  readonly handlers: readonly HandlerConfig[];
}

/** Routes that listeners share come once. */
function* routesOf({ listeners }: Config): Iterable<KeyedRoute> {
  for (const routes of new Set(listeners.map((listener) => listener.routes))) yield* walk(routes, "");
}

function* walk(routes: readonly RouteConfig[], outer: string): Iterable<KeyedRoute> {
  for (const route of routes) {
    if (onlyLogs(route)) continue;
    const { name, handlers } = route;
    const key = outer === "" ? name : `${outer} > ${name}`;
    yield { key, handlers };
    for (const handler of handlers) yield* within(handler, key);
  }
}

/** The keys are those that `RouteCompiler` gives. */
function* within(handler: HandlerConfig, key: string): Iterable<KeyedRoute> {
  if (handler.type === "routes") yield* walk(handler.routes, key);
  else if (handler.type === "errors") for (const { routes } of handler.on) yield* walk(routes, `${key} > errors`);
  else if (handler.type === "proxy") {
    for (const [i, { then }] of handler.proxy.onResponse.entries()) {
      if (then.type === "routes") yield* walk(then.routes, `${key} > response ${i + 1}`);
    }
  }
}
