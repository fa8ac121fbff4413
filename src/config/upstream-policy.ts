import type { Settings } from "./given.ts";
import type { ActiveHealthConfig, PolicyConfig, UpstreamPolicyConfig } from "./model.ts";
import type { Place, Problem } from "./problem.ts";
import type { SettingName } from "./settings/table.ts";
import { ACTIVE_HEALTH_DEFAULTS, UPSTREAM_POLICY_DEFAULTS } from "./upstream-model.ts";

const { balance: BALANCE, retry: RETRY, passiveHealth: PASSIVE, hold: HOLD } = UPSTREAM_POLICY_DEFAULTS;

/** Caddy's `refresh` of `dynamic`. */
const DYNAMIC_REFRESH_MS = 60_000;

/** What only a route of a file says of the choice of its upstreams and of the care for them. */
export interface PolicyExtra extends Pick<UpstreamPolicyConfig, "dynamic" | "breaker" | "hold" | "onResponse"> {
  /** Undefined: the one of the settings. */
  readonly policy: PolicyConfig | undefined;
  readonly weights: readonly number[];
  readonly retry: Pick<UpstreamPolicyConfig["retry"], "match" | "budgetPercent" | "budgetMinPerSecond">;
  readonly probe: Pick<ActiveHealthConfig, "body" | "method" | "headers" | "followRedirects">;
  readonly unhealthyStatuses: UpstreamPolicyConfig["passiveHealth"]["unhealthyStatuses"];
}

/** Of a route that says none of it. */
export const NO_POLICY_EXTRA: PolicyExtra = {
  policy: undefined,
  weights: BALANCE.weights,
  dynamic: undefined,
  breaker: undefined,
  hold: HOLD,
  onResponse: [],
  retry: RETRY,
  probe: ACTIVE_HEALTH_DEFAULTS,
  unhealthyStatuses: PASSIVE.unhealthyStatuses,
};

/** How often a plain policy draws, which Caddy's `random_choose` has to be told. */
const CHOOSE = 2;

/** Everything about the upstreams of a route. `own` are the settings that were given for just this route. */
export function upstreamPolicy(settings: Settings, own: Settings, extra: PolicyExtra): UpstreamPolicyConfig {
  const { dynamic, breaker, hold, onResponse, weights } = extra;
  const { match, budgetPercent, budgetMinPerSecond } = extra.retry;
  return {
    balance: { policy: extra.policy ?? plainPolicy(settings), weights },
    dynamic,
    resolve: {
      refreshMs:
        settings.one("resolve_interval")?.value ??
        (dynamic === undefined ? UPSTREAM_POLICY_DEFAULTS.resolve.refreshMs : DYNAMIC_REFRESH_MS),
      resolvers: settings.all("resolvers").map(({ value }) => value),
    },
    retry: {
      retries: settings.value("lb_retries"),
      tryDurationMs: settings.value("lb_try_duration"),
      tryIntervalMs: settings.value("lb_try_interval"),
      match,
      budgetPercent,
      budgetMinPerSecond,
    },
    activeHealth: isAskedFor(settings, own) ? httpHealth(settings, extra) : tcpHealth(settings.value("hc_freq")),
    passiveHealth: {
      failDurationMs: settings.value("fail_duration"),
      maxFails: settings.value("max_fails"),
      unhealthyStatuses: extra.unhealthyStatuses,
      unhealthyLatencyMs: settings.value("unhealthy_latency"),
      unhealthyRequestCount: settings.value("unhealthy_request_count"),
    },
    breaker,
    limit: {
      maxRequests: settings.value("max_conns_per_host"),
      maxQueued: settings.value("max_queued"),
      queueTimeoutMs: settings.value("queue_timeout"),
    },
    onResponse,
    hold,
  };
}

function plainPolicy(settings: Settings): PolicyConfig {
  const type = settings.value("lb_policy");
  return type === "random_choose" ? { type, choose: CHOOSE } : { type };
}

function asksByRequests(settings: Settings): boolean {
  return settings.has("health_uri") || settings.has("health_port");
}

/** Whether checks are requests: what the route itself says of its checks holds before the defaults. */
function isAskedFor(settings: Settings, own: Settings): boolean {
  return asksByRequests(own) || (asksByRequests(settings) && !own.has("hc_freq"));
}

function httpHealth(settings: Settings, { probe }: PolicyExtra): ActiveHealthConfig {
  const { body, method, headers, followRedirects } = probe;
  return {
    type: "http",
    uri: settings.one("health_uri")?.value ?? ACTIVE_HEALTH_DEFAULTS.uri,
    port: settings.one("health_port")?.value,
    intervalMs: settings.value("health_interval"),
    timeoutMs: settings.value("health_timeout"),
    passes: settings.value("health_passes"),
    fails: settings.value("health_fails"),
    status: settings.value("health_status"),
    body,
    method,
    headers,
    followRedirects,
  };
}

/** Pingora's TcpHealthCheck waits 1 s for a connection. */
const TCP_HEALTH_TIMEOUT_MS = 1_000;

/** `hc_freq`: connects to each upstream that often. */
function tcpHealth(intervalMs: number): ActiveHealthConfig | undefined {
  if (intervalMs === 0) return undefined;
  const timeoutMs = Math.min(TCP_HEALTH_TIMEOUT_MS, intervalMs);
  return { ...ACTIVE_HEALTH_DEFAULTS, type: "tcp", intervalMs, timeoutMs };
}

/** Keys that mean nothing without one of some settings. */
const NEEDS: Readonly<Record<string, readonly SettingName[]>> = {
  health_interval: ["health_uri", "health_port"],
  health_timeout: ["health_uri", "health_port"],
  health_passes: ["health_uri", "health_port"],
  health_fails: ["health_uri", "health_port"],
  health_status: ["health_uri", "health_port"],
  health_body: ["health_uri", "health_port"],
  health_method: ["health_uri", "health_port"],
  health_headers: ["health_uri", "health_port"],
  health_follow_redirects: ["health_uri", "health_port"],
  max_fails: ["fail_duration"],
  unhealthy_status: ["fail_duration"],
  unhealthy_latency: ["fail_duration"],
};

/** A key of a route that is there. */
export interface GivenKey {
  readonly key: string;
  readonly place: Place;
}

export const NEEDING_KEYS: readonly string[] = Object.keys(NEEDS);

/** What contradicts itself in what is said of upstreams. `keys` are those of the route among `NEEDING_KEYS`. */
export function policyProblems(settings: Settings, own: Settings, keys: readonly GivenKey[]): readonly Problem[] {
  const problems: Problem[] = [];
  for (const { key, place } of keys) {
    const [first = "", ...others] = NEEDS[key] ?? [];
    if ([first as SettingName, ...others].some((name) => settings.has(name))) continue;
    const message = `${key} has no meaning without ${first}`;
    problems.push({ severity: "error", place, message, expected: `both ${key} and ${first}` });
  }
  const frequency = own.one("hc_freq");
  if (frequency !== undefined && frequency.value > 0 && asksByRequests(own)) {
    const message = "upstreams are checked by requests already (health_uri), and not by connections as well";
    const { place, text } = frequency;
    problems.push({ severity: "error", place, message, seen: text, expected: "one of the two" });
  }
  return problems;
}

/** The settings among `NEEDING_KEYS`, where there are no routes. */
export function givenKeys(settings: Settings): readonly GivenKey[] {
  return settings.names().flatMap((name) => {
    const given = settings.one(name);
    return given === undefined || !NEEDING_KEYS.includes(name) ? [] : [{ key: name, place: given.place }];
  });
}
