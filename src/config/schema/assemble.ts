import type { Settings } from "../given.ts";
import { buildListeners } from "../listeners.ts";
import type { ListenerConfig, RouteConfig } from "../model.ts";
import type { Problem } from "../problem.ts";
import { flatRoute } from "../proxy.ts";
import { givenKeys, policyProblems } from "../upstream-policy.ts";
import { buildUpstreams, buildUpstreamTls } from "../upstreams.ts";
import { besideRoutes, planListeners, type PlannedListeners } from "./build-listeners.ts";
import { RouteBuilder, type RouteSurroundings, type Serving } from "./build-routes.ts";
import type { FileDraft, RouteDraft } from "./draft.ts";

export interface Assembled {
  readonly listeners: readonly ListenerConfig[];
  readonly problems: readonly Problem[];
  /** Certificates, keys and roots that were read. */
  readonly files: readonly string[];
}

/** The listeners with their routes, of a file that has `listeners` or `routes`. */
export async function assemble(draft: FileDraft, surroundings: RouteSurroundings): Promise<Assembled> {
  const { settings, now } = surroundings;
  const { listeners: planned, problems: found, files } = await plan(draft, settings, now);
  const problems = [...found];
  const builder = new RouteBuilder(surroundings);
  const sharing = planned.filter((each) => each.routes === undefined);
  let shared: readonly RouteConfig[] = [];
  if (draft.routes !== undefined) {
    problems.push(...besideRoutes(settings));
    shared = await builder.build(draft.routes, servingOf(sharing));
    const [first] = draft.routes;
    if (sharing.length === 0 && planned.length > 0 && first !== undefined) {
      const message = "no listener has a use for these routes: each has its own";
      problems.push({ severity: "warning", place: first.place, message, help: "take routes out of one listener" });
    }
  } else if (draft.listeners !== undefined && !settings.has("upstream")) {
    const [lacking] = draft.listeners.filter((listener) => listener.routes === undefined);
    if (lacking !== undefined) {
      const message = "this listener has no routes, and the file has none for it";
      const expected = "routes in it or at the top of the file, or upstream there";
      problems.push({ severity: "error", place: lacking.place, message, expected });
    }
  } else if (sharing.length > 0 || planned.length === 0) {
    const { upstreams, problems: faults } = buildUpstreams(settings, servingOf(sharing).addresses, surroundings.local);
    const tls = await buildUpstreamTls(settings, upstreams, now);
    problems.push(...policyProblems(settings, settings, givenKeys(settings)), ...faults, ...tls.problems);
    shared = [flatRoute(settings, upstreams, tls.tls)];
  }
  // Listeners of one list of routes, such as the addresses of one entry, share what is made of it.
  const made = new Map<readonly RouteDraft[], readonly RouteConfig[]>();
  const listeners: ListenerConfig[] = [];
  for (const { plan: listener, routes } of planned) {
    if (routes !== undefined && !made.has(routes)) {
      made.set(routes, await builder.build(routes, servingOf(planned.filter((each) => each.routes === routes))));
    }
    listeners.push({ ...listener, routes: routes === undefined ? shared : (made.get(routes) ?? []) });
  }
  return { listeners, problems: [...problems, ...builder.problems()], files: [...files, ...builder.files] };
}

async function plan(draft: FileDraft, settings: Settings, now: number): Promise<PlannedListeners> {
  if (draft.listeners !== undefined) return await planListeners(draft.listeners, settings, now);
  const { listeners, problems } = await buildListeners(settings, now);
  return { listeners: listeners.map((each) => ({ plan: each, routes: undefined })), problems, files: [] };
}

function servingOf(listeners: PlannedListeners["listeners"]): Serving {
  const limits = listeners.map(({ plan: { maxRequestBodyBytes } }) => maxRequestBodyBytes).filter((limit) => limit > 0);
  return {
    addresses: listeners.map((listener) => listener.plan.address),
    maxRequestBodyBytes: limits.length === 0 ? 0 : Math.min(...limits),
  };
}
