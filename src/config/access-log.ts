import type { Settings } from "./given.ts";
import { ACCESS_LOG_DEFAULTS } from "./log-model.ts";
import type { AccessLogConfig, ListenerConfig, RouteConfig } from "./model.ts";
import type { Problem } from "./problem.ts";

/**
 * Has all requests of all listeners logged as the top of the file and the flags say: by a route before all others, which
 * may say otherwise.
 */
export function withAccessLog(
  listeners: readonly ListenerConfig[],
  inFile: AccessLogConfig | undefined,
  flags: Settings,
): { readonly listeners: readonly ListenerConfig[]; readonly problems: readonly Problem[] } {
  const output = flags.one("access_log");
  const format = flags.one("access_log_format");
  const base = output === undefined ? inFile : { ...(inFile ?? ACCESS_LOG_DEFAULTS), output: output.value };
  if (base === undefined) {
    if (format === undefined) return { listeners, problems: [] };
    const message = "--access-log-format has nothing to say without an access log";
    const problem = { severity: "error", place: format.place, message, seen: format.text } as const;
    return { listeners, problems: [{ ...problem, expected: "--access-log OUTPUT beside it" }] };
  }
  const log: AccessLogConfig = { ...base, ...(format !== undefined && { format: format.value }) };
  const first: RouteConfig = { name: "access log", match: [], handlers: [log], terminal: false };
  // Listeners that share their routes go on sharing them.
  const made = new Map<readonly RouteConfig[], readonly RouteConfig[]>();
  for (const { routes } of listeners) if (!made.has(routes)) made.set(routes, [first, ...routes]);
  return { listeners: listeners.map((each) => ({ ...each, routes: made.get(each.routes) ?? [] })), problems: [] };
}

/** True for a route that takes no request: it says how those are logged that others take. */
export function onlyLogs({ handlers }: RouteConfig): boolean {
  return handlers.length > 0 && handlers.every(({ type }) => type === "access_log");
}
