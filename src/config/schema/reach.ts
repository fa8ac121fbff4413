import type { MatcherSet } from "../model.ts";
import type { Problem } from "../problem.ts";
import type { HandlerDraft, RouteDraft } from "./draft.ts";

/** A warning where routes of a list come after one that takes every request. */
export function unreachable(drafts: readonly RouteDraft[]): readonly Problem[] {
  const last = drafts.findIndex(takesAll);
  const [taker, next] = [drafts[last], drafts[last + 1]];
  if (taker === undefined || next === undefined) return [];
  const rest = drafts.length - last - 2;
  const more = rest === 0 ? "" : rest === 1 ? ", nor is the one after it" : `, nor are the ${rest} after it`;
  const message = `this route is never reached${more}: ${taker.path} takes every request`;
  return [{ severity: "warning", place: next.place, message, help: `put it before ${taker.path}` }];
}

/** True when no request gets past the route. */
function takesAll({ match, handlers, terminal }: RouteDraft): boolean {
  return (match.length === 0 || match.some(isEverything)) && (terminal || handlers.some(endsAll));
}

function endsAll(handler: HandlerDraft): boolean {
  switch (handler.type) {
    case "redirect":
    case "error":
    case "copy_response":
    case "respond":
    case "respond_file":
      return true;
    case "proxy":
      // Where routes for its answers answer nothing, what comes after it is done.
      return handler.proxy.onResponse.every(({ then }) => then.type === "replace_status" || endsIn(then.routes));
    case "routes":
      return endsIn(handler.routes);
    default:
      return false;
  }
}

function endsIn(routes: readonly RouteDraft[]): boolean {
  return routes.some((route) => takesAll(route) && (!route.terminal || route.handlers.some(endsAll)));
}

function isEverything(set: MatcherSet): boolean {
  return set.every((matcher) => {
    if (matcher.type === "path") return matcher.patterns.some((pattern) => pattern === "*" || pattern === "/*");
    return matcher.type === "context_path" && (matcher.pattern.path === "/" || matcher.pattern.path === "");
  });
}
