import { upstreamsText, upstreamText } from "../config/describe.ts";
import type { Config, ReverseProxyConfig, RouteConfig } from "../config/model.ts";
import { listenerNames } from "./listener-names.ts";
import { proxiesOf } from "./route-keys.ts";

/** How many of something are new, gone, and there in another form. */
export interface Changed {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
}

/** What is different in a configuration from the one before, in numbers. */
export interface Changes {
  readonly routes: Changed;
  readonly upstreams: Changed;
}

/** Counts what a reload changes, for the log: routes of the first level, and upstream addresses. */
export function changesBetween(before: Config, after: Config): Changes {
  return {
    routes: compare(routesOf(before), routesOf(after)),
    upstreams: compare(upstreamsOf(before), upstreamsOf(after)),
  };
}

function compare(before: ReadonlyMap<string, unknown>, after: ReadonlyMap<string, unknown>): Changed {
  const stay = [...after].filter(([key]) => before.has(key));
  return {
    added: after.size - stay.length,
    removed: before.size - stay.length,
    changed: stay.filter(([key, value]) => !Bun.deepEquals(before.get(key), value, true)).length,
  };
}

/** Routes that listeners share count once. */
function routesOf({ listeners }: Config): ReadonlyMap<string, RouteConfig> {
  const found = new Map<string, RouteConfig>();
  const seen = new Set<readonly RouteConfig[]>();
  for (const [listener, { routes }] of listenerNames(listeners)) {
    if (seen.has(routes)) continue;
    seen.add(routes);
    for (const route of routes) found.set(`${listener} ${route.name}`, route);
  }
  return found;
}

function upstreamsOf(config: Config): ReadonlyMap<string, true> {
  return new Map(proxiesOf(config).flatMap(({ proxy }) => targetsOf(proxy).map((each) => [each, true])));
}

function targetsOf(proxy: ReverseProxyConfig): readonly string[] {
  return proxy.dynamic === undefined ? proxy.upstreams.map(upstreamText) : [upstreamsText(proxy)];
}
