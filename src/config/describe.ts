import { onlyLogs } from "./access-log.ts";
import { isSecretName } from "./secret-names.ts";
import type {
  Config,
  ListenAddress,
  ListenerConfig,
  MatcherConfig,
  MatcherSet,
  PathPattern,
  ReverseProxyConfig,
  RouteConfig,
  UpstreamAddress,
} from "./model.ts";

/** A listen address as it is written in flags and files: `127.0.0.1:3000`, `[::1]:3000`, `unix//run/app.sock`. */
export function listenText(address: ListenAddress): string {
  return address.type === "unix" ? `unix/${address.path}` : `${bracketed(address.host)}:${address.port}`;
}

/** An upstream address as it is written in flags and files; TLS shows as `https://`. */
export function upstreamText(address: UpstreamAddress): string {
  if (address.type === "unix") return `unix/${address.path}`;
  return `${address.tls ? "https://" : ""}${bracketed(address.host)}:${address.port}`;
}

/** Where a route forwards to, as a person reads it. */
export function upstreamsText({ upstreams, dynamic }: Pick<ReverseProxyConfig, "upstreams" | "dynamic">): string {
  if (dynamic === undefined) return upstreams.map(upstreamText).join(", ");
  return dynamic.type === "srv" ? `SRV ${dynamic.name}` : `${dynamic.name}:${dynamic.port}, looked up`;
}

/** A listener as one opens it in a browser: `http://0.0.0.0:8008`. */
export function listenerText(listener: Pick<ListenerConfig, "address" | "tls">): string {
  const { address, tls } = listener;
  if (address.type === "unix") return listenText(address);
  return `${tls.length === 0 ? "http" : "https"}://${listenText(address)}`;
}

/** A path pattern as `--cp` takes it. */
export function patternText(pattern: PathPattern): string {
  return pattern.type === "prefix" ? `${pattern.path}*` : pattern.path;
}

/** What a route matches, short: `a.example /api/*`; `/` for every request. */
export function matchText(match: readonly MatcherSet[]): string {
  const sets = match.map((set) => set.map(matcherText).join(" "));
  return sets.length === 0 || sets.includes("") ? "/" : sets.join(" or ");
}

function matcherText(matcher: MatcherConfig): string {
  switch (matcher.type) {
    case "host":
      return matcher.hosts.join(",");
    case "path":
      return matcher.patterns.join(",");
    case "context_path":
      return patternText(matcher.pattern);
    case "path_regexp":
      return `~${matcher.regexp.pattern}`;
    case "method":
      return matcher.methods.join(",");
    case "header":
      return matcher.fields.map(({ field, values }) => `${field}:${shown(field, list(values))}`).join(" ");
    case "header_regexp":
      return matcher.fields.map(({ field, regexp }) => `${field}:~${shown(field, regexp.pattern)}`).join(" ");
    case "query":
      return matcher.parameters
        .map(({ parameter, values }) => `?${parameter}=${shown(parameter, list(values))}`)
        .join(" ");
    case "remote_ip":
    case "client_ip":
      return `from ${matcher.ranges.join(",")}`;
    case "protocol":
      return matcher.protocol;
    case "not":
      return `not (${matchText(matcher.sets)})`;
    default:
      return matcher satisfies never;
  }
}

/** What a route matches becomes its name, which stands in logs and metrics. */
function shown(name: string, value: string): string {
  const isWord = value === "present" || value === "absent" || value === "*";
  return isSecretName(name) && !isWord ? "(hidden)" : value;
}

function list(values: string | readonly string[]): string {
  return typeof values === "string" ? values : values.join(",");
}

/** More routes than this are only counted. */
const MOST_NAMED = 3;

/**
 * The start in one sentence: `http://0.0.0.0:8008, forwarding / to 127.0.0.1:3000`, or `..., 12 routes`, to stand after
 * `listening on ` or `would listen on `. `urls` are where it really listens, by default what is configured.
 */
export function startText(config: Config, urls: readonly string[] = config.listeners.map(listenerText)): string {
  const routes = [...new Set(config.listeners.map((listener) => listener.routes))]
    .flat()
    .filter((each) => !onlyLogs(each));
  const forwards = routes.map(forwardText);
  const areNamed = routes.length > 0 && routes.length <= MOST_NAMED && !forwards.includes(undefined);
  const what = areNamed
    ? `forwarding ${forwards.join("; ")}`
    : routes.length === 1
      ? "1 route"
      : `${routes.length} routes`;
  return `${urls.join(", ")}, ${what}`;
}

/** `/up to 127.0.0.1:3000, 127.0.0.1:3001`; undefined when the route does more than that. */
function forwardText({ match, handlers }: RouteConfig): string | undefined {
  const [handler, second] = handlers;
  if (handler?.type !== "proxy" || second !== undefined) return undefined;
  return `${matchText(match)} to ${upstreamsText(handler.proxy)}`;
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
