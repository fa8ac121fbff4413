import type { DocEntry, DocMap, DocNode, Span } from "../document.ts";
import type { Action, Stage } from "./arrange.ts";
import { listNode, mapNode } from "./nodes.ts";

/** The order in which the keys of a route run; all others belong to `upstreams`. */
const RUNNING_ORDER: readonly string[] = [
  "access_log",
  "errors",
  "header",
  "copy_response_headers",
  "max_request_body",
  "redirect",
  "rewrite",
  "strip_prefix",
  "strip_suffix",
  "replace",
  "basic_auth",
  "request_header",
  "encode",
  "routes",
  "error",
  "copy_response",
  "respond",
  "upstreams",
];

const ENDINGS: ReadonlySet<string> = new Set(["redirect", "error", "copy_response", "respond", "upstreams"]);
const CONDITIONS: ReadonlySet<string> = new Set(["match", "terminal"]);

/** The routes that stages are; where no route of the list answers for sure, the next list goes on. */
export function routesOf(stages: readonly Stage[]): readonly DocMap[] {
  const routes: DocMap[] = [];
  for (let at = 0; at < stages.length;) {
    const stage = stages[at];
    if (stage === undefined) break;
    const next = stages.findIndex((other, i) => i > at && (stage.group === undefined || other.group !== stage.group));
    const end = next < 0 ? stages.length : next;
    const isAlone = stage.group === undefined || end === at + 1;
    routes.push(...(isAlone ? stageRoutes(stage) : groupRoutes(stages.slice(at, end))));
    at = end;
  }
  return joined(routes);
}

/** Routes that are for every request and follow each other stand in one, where they run in the order of its keys. */
function joined(routes: readonly DocMap[]): readonly DocMap[] {
  let result: readonly DocMap[] = [];
  for (const route of routes) {
    const isOne = isPlain(route) && keyOf(route, "routes") === undefined;
    result = isOne ? withRoute(result, route.entries, route.span) : [...result, route];
  }
  return result;
}

/** Adds a route behind others: into the last one, where both are one for whoever reads it. */
export function withRoute(routes: readonly DocMap[], action: Action, span: Span): readonly DocMap[] {
  const last = routes.at(-1);
  if (last !== undefined && isPlain(last) && keyOf(last, "routes") === undefined && mayFollow(last.entries, action)) {
    return [...routes.slice(0, -1), mapNode([...last.entries, ...action], last.span)];
  }
  return [...routes, mapNode(action, span)];
}

/** True when some route of the list answers every request that comes so far. */
export function endsSurely(routes: readonly DocMap[]): boolean {
  for (const route of routes) {
    if (answers(route)) {
      if (keyOf(route, "match") === undefined) return true;
    } else if (keyOf(route, "terminal") !== undefined) return false;
  }
  return false;
}

/** A route with a condition around other routes. */
export function wrapped(condition: readonly DocEntry[], routes: readonly DocMap[], keySpan: Span): DocMap {
  const first = routes[0];
  const only = routes.length === 1 && first !== undefined && isPlain(first) ? first : undefined;
  const inner = only?.entries ?? [{ key: "routes", keySpan, value: listNode(routes, keySpan) }];
  return mapNode([...condition, ...inner], keySpan);
}

function stageRoutes({ matcher, actions, span }: Stage): readonly DocMap[] {
  const routes = chunks(actions, matcher === undefined).map((chunk) => mapNode(chunk, span));
  if (matcher === undefined) return routes.flatMap(unwrapped);
  return [wrapped([matchEntry(matcher.node)], routes.map(flattened), span)];
}

/** What a handle without a matcher does is done by the list around it alike. */
function unwrapped(route: DocMap): readonly DocMap[] {
  const [only] = route.entries;
  if (route.entries.length !== 1 || only?.key !== "routes" || only.value.type !== "list") return [route];
  const inner = only.value.items.filter((item): item is DocMap => item.type === "map");
  return inner.some((item) => keyOf(item, "terminal") !== undefined) ? [route] : inner;
}

function groupRoutes(stages: readonly Stage[]): readonly DocMap[] {
  const span = stages[0]?.span;
  const members = stages.map((stage) => ({ stage, routes: stageRoutes({ ...stage, matcher: undefined }) }));
  const isOver = members.every(({ routes }) => endsSurely(routes));
  const routes = members.map(({ stage: { matcher, span: own }, routes: inner }, i) => {
    const condition = matcher === undefined ? [] : [matchEntry(matcher.node)];
    if (!isOver && i < members.length - 1) condition.push(terminalEntry(own));
    return wrapped(condition, inner.map(flattened), own);
  });
  // Where each of them answers, nothing comes after it anyway.
  if (isOver || span === undefined) return routes;
  return [mapNode([{ key: "routes", keySpan: span, value: listNode(routes, span) }], span)];
}

/** Puts actions together into as few routes as do the same in the same order. */
function chunks(actions: readonly Action[], mayStandAlone: boolean): readonly (readonly DocEntry[])[] {
  const result: (readonly DocEntry[])[] = [];
  for (const action of actions) {
    const last = result.at(-1);
    const isNested = [...(last ?? []), ...action].some(({ key }) => key === "routes");
    if (last === undefined || (isNested && mayStandAlone) || !mayFollow(last, action)) result.push(action);
    else result[result.length - 1] = [...last, ...action];
  }
  return result;
}

/** A route whose only key is a list of one route without a condition is that route. */
function flattened(route: DocMap): DocMap {
  const last = route.entries.at(-1);
  if (last?.key !== "routes" || last.value.type !== "list" || last.value.items.length !== 1) return route;
  const [inner] = last.value.items;
  const before = route.entries.slice(0, -1);
  if (inner?.type !== "map" || !isPlain(inner) || !mayFollow(before, inner.entries)) return route;
  return mapNode([...before, ...inner.entries], route.span);
}

/** True where keys that stand in one route run in this order. */
function mayFollow(before: readonly DocEntry[], after: readonly DocEntry[]): boolean {
  if (before.some(({ key }) => ENDINGS.has(key))) return false;
  const latest = Math.max(-1, ...before.filter(({ key }) => !CONDITIONS.has(key)).map(({ key }) => rankOf(key)));
  return after.every(({ key }) => rankOf(key) > latest);
}

function rankOf(key: string): number {
  const rank = RUNNING_ORDER.indexOf(key);
  return rank < 0 ? RUNNING_ORDER.length : rank;
}

function isPlain(route: DocMap): boolean {
  return !route.entries.some(({ key }) => CONDITIONS.has(key));
}

function answers(route: DocMap): boolean {
  if (mayGoOn(keyOf(route, "handle_response"))) return false;
  if (route.entries.some(({ key }) => ENDINGS.has(key))) return true;
  const nested = keyOf(route, "routes");
  if (nested?.type !== "list") return false;
  return endsSurely(nested.items.filter((item): item is DocMap => item.type === "map"));
}

/** Where routes for an upstream's answer answer nothing, what comes after them is done (Caddy). */
function mayGoOn(handlers: DocNode | undefined): boolean {
  const items = handlers?.type === "list" ? handlers.items : handlers === undefined ? [] : [handlers];
  return items.some((item) => {
    const routes = item.type === "map" ? keyOf(item, "routes") : undefined;
    return routes?.type === "list" && !endsSurely(routes.items.filter((each): each is DocMap => each.type === "map"));
  });
}

function keyOf(route: DocMap, key: string): DocNode | undefined {
  return route.entries.find((entry) => entry.key === key)?.value;
}

/** The key `match` of a condition. */
export function matchEntry(node: DocNode): DocEntry {
  return { key: "match", keySpan: node.span, value: node };
}

/** The key `terminal: true`. */
export function terminalEntry(span: Span): DocEntry {
  return { key: "terminal", keySpan: span, value: { type: "word", text: "true", span } };
}
