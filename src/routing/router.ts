import type { RouteConfig } from "../config/model.ts";
import { compilePath, type PathMatcher } from "./path.ts";

/** What the router found for a path. */
export type RouteMatch<Route> =
  { readonly type: "route"; readonly route: Route } | { readonly type: "none" } | { readonly type: "escapes" };

const NONE = { type: "none" } as const;
const ESCAPES = { type: "escapes" } as const;

/** The routes of one configuration, compiled; immutable. The first that matches serves. */
export class Router<Route> {
  readonly #entries: readonly { readonly matches: PathMatcher; readonly found: RouteMatch<Route> }[];

  constructor(routes: readonly (readonly [config: RouteConfig, route: Route])[]) {
    this.#entries = routes.map(([config, route]) => ({
      matches: compilePath(config.path),
      found: { type: "route", route },
    }));
  }

  find(path: string): RouteMatch<Route> {
    for (const entry of this.#entries) {
      switch (entry.matches(path)) {
        case "match":
          return entry.found;
        case "escapes":
          return ESCAPES;
        case "no-match":
          break;
      }
    }
    return NONE;
  }
}
