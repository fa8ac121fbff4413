import type { FieldPattern, MatcherSet, RouteConfig } from "./routes-model.ts";

/** How the peer of each attempt is chosen (Caddy's `lb_policy`). */
export type PolicyConfig =
  /** Each peer in turn; with weights, smoothly (nginx's smooth weighted round robin). */
  | { readonly type: "round_robin" }
  | { readonly type: "weighted_round_robin" }
  /** Any peer, each as likely as its weight. */
  | { readonly type: "random" }
  /** The least busy of `choose` peers drawn at random (Caddy's `random_choose`, default 2). */
  | { readonly type: "random_choose"; readonly choose: number }
  /** The fewest requests in flight for its weight; among equals each in turn. */
  | { readonly type: "least_conn" }
  /** The first available one in the order of the configuration. */
  | { readonly type: "first" }
  /** By a hash of the socket's address: the same client gets the same peer while that is available. */
  | { readonly type: "ip_hash" }
  /** The same by the client's address as trusted proxies tell it. */
  | { readonly type: "client_ip_hash" }
  /** By a hash of path and query. */
  | { readonly type: "uri_hash" }
  /** By a hash of a query parameter's value; without one as `fallback` says. */
  | { readonly type: "query"; readonly key: string; readonly fallback: PolicyConfig }
  /** By a hash of a request field's value; without one as `fallback` says. */
  | { readonly type: "header"; readonly field: string; readonly fallback: PolicyConfig }
  /**
   * A client comes back to the peer that its cookie names (HMAC-SHA256 of the address by `secret`, as Caddy); a client
   * without one gets a peer as `fallback` says, and the cookie with it. `maxAgeMs` 0 is a cookie of the session.
   */
  | {
      readonly type: "cookie";
      readonly name: string;
      readonly secret: string;
      readonly maxAgeMs: number;
      readonly fallback: PolicyConfig;
    };

export interface BalanceConfig {
  readonly policy: PolicyConfig;
  /** Of each of `upstreams`, in their order, 1 where nothing is said; empty: all alike. At least 1 each, Pingora's and Caddy's integers. */
  readonly weights: readonly number[];
}

/** Peers that are looked up (Caddy's `dynamic`), in place of a list. */
export type DynamicConfig =
  /** Every A and AAAA record of a name (Caddy's `dynamic a`). */
  | {
      readonly type: "a";
      readonly name: string;
      readonly port: number;
      /** Which families count. Default both. */
      readonly ipv4: boolean;
      readonly ipv6: boolean;
      readonly tls: boolean;
    }
  /** Every target of an SRV record; priority first, then weights (RFC 2782; Caddy's `dynamic srv`). */
  | { readonly type: "srv"; readonly name: string; readonly tls: boolean };

/** How names of upstreams become addresses. */
export interface ResolveConfig {
  /**
   * How often names are looked up again; a shorter TTL holds first where the resolver tells it (with `resolvers`, and for
   * SRV). Default 30 s for a name in `upstreams`, 1 m for `dynamic` (Caddy's `refresh`). 0: only at the start.
   */
  readonly refreshMs: number;
  /** DNS servers, `IP` or `IP:PORT`. Empty: the system's resolver, its hosts file included. */
  readonly resolvers: readonly string[];
}

/** Repeated attempts, under the rules that what was sent is not sent twice (RFC 9110 9.2.2). */
export interface RetryConfig {
  /** More attempts after the first, whatever the peers (Caddy's `lb_retries`). 0: as many as there are other peers. */
  readonly retries: number;
  /** As long after the request came a further attempt may begin (Caddy's `lb_try_duration`). 0 is off. */
  readonly tryDurationMs: number;
  /** Pause before the next round over the peers (Caddy's `lb_try_interval`). Default 250 ms. */
  readonly tryIntervalMs: number;
  /** Requests that may be sent again though something had been sent (Caddy's `lb_retry_match`). Empty: GET, HEAD, OPTIONS without a body. */
  readonly match: readonly MatcherSet[];
  /** Retries of a route may be at most this part of its requests, in percent, beside `budgetMinPerSecond`. 0: no budget. Default 20. */
  readonly budgetPercent: number;
  /** So many retries a second are always in the budget. Default 10. */
  readonly budgetMinPerSecond: number;
}

/** Active health checks (Caddy's `health_*`, Pingora's TcpHealthCheck and HttpHealthCheck). */
export interface ActiveHealthConfig {
  readonly type: "tcp" | "http";
  /** Target that is asked for (`health_uri`). Default `/`. */
  readonly uri: string;
  /** Another port than the upstream's (`health_port`); undefined is its own. */
  readonly port: number | undefined;
  /** Between two probes of a peer that is up (`health_interval`). Default 30 s; 0 is off. */
  readonly intervalMs: number;
  /** For one probe in all (`health_timeout`). Default 5 s. */
  readonly timeoutMs: number;
  /** So many good probes in a row bring a peer back (`health_passes`). Default 1. */
  readonly passes: number;
  /** So many bad ones in a row take it out (`health_fails`). Default 1. */
  readonly fails: number;
  /** Good statuses, `200`, or `2xx` as its first digit (`health_status`). Default 2xx. */
  readonly status: StatusPattern;
  /** ECMAScript source that the body has to match (`health_body`); undefined is none. */
  readonly body: string | undefined;
  /** Default GET. */
  readonly method: string;
  readonly headers: readonly { readonly field: string; readonly value: string }[];
  /** Default false: a redirect is no 2xx. */
  readonly followRedirects: boolean;
}

/** `200` is one status, `2` all from 200 to 299 (Caddy's `2xx`). */
export type StatusPattern = number;

/** What real requests say of a peer (Caddy's passive health). */
export interface PassiveHealthConfig {
  /** How long a failure counts (`fail_duration`). 0, the default, is off. */
  readonly failDurationMs: number;
  /** So many failures within that time take a peer out (`max_fails`). Default 1. */
  readonly maxFails: number;
  /** Statuses that are failures (`unhealthy_status`). */
  readonly unhealthyStatuses: readonly StatusPattern[];
  /** An answer whose head comes later is a failure (`unhealthy_latency`). 0 is off. */
  readonly unhealthyLatencyMs: number;
  /** A peer with so many requests in flight gets no more (`unhealthy_request_count`). 0 is off. */
  readonly unhealthyRequestCount: number;
}

/** Takes a peer out while too many of its answers fail, and tries it with a few requests afterwards. */
export interface CircuitBreakerConfig {
  /** Failures among the requests of the window, in percent, at which it opens. */
  readonly errorPercent: number;
  /** Default 10 s. */
  readonly windowMs: number;
  /** Fewer requests in the window say nothing. Default 20. */
  readonly minRequests: number;
  /** How long it stays open before trials. Default 10 s. */
  readonly openMs: number;
  /** So many requests at once try a peer, and so many good ones in a row close the breaker. Default 3. */
  readonly trials: number;
}

/** How much one peer is given at once. */
export interface PeerLimitConfig {
  /** Most requests and WebSockets at once on one peer (Caddy's `max_conns_per_host`). 0 is no limit. */
  readonly maxRequests: number;
  /** What may wait for a free place, for the whole route; past it 503 at once. Default 1000. */
  readonly maxQueued: number;
  /** The longest wait; past it 503 with Retry-After. Default 5 s. */
  readonly queueTimeoutMs: number;
}

/** What is done with some of the upstream's answers (Caddy's `handle_response`); the first that matches holds. */
export interface ResponseHandlerConfig {
  /** Any of them; empty: every status. */
  readonly statuses: readonly StatusPattern[];
  /** Fields that the answer has to have. */
  readonly fields: readonly FieldPattern[];
  /** `replace_status`: the answer goes on with another status (a template). `routes` answer in its place. */
  readonly then:
    | { readonly type: "replace_status"; readonly status: string }
    | { readonly type: "routes"; readonly routes: readonly RouteConfig[] };
}

/** Keeping a client's WebSocket while its upstream is away. */
export interface WebSocketHoldConfig {
  /** As long the client is held. 0, the default, is off. */
  readonly limitMs: number;
  /** Pause between two dials. Default 250 ms. */
  readonly intervalMs: number;
}

/** What `ReverseProxyConfig` says of the peers of one route and the care for them. */
export interface UpstreamPolicyConfig {
  readonly balance: BalanceConfig;
  /** In place of `upstreams`; undefined is the list. */
  readonly dynamic: DynamicConfig | undefined;
  readonly resolve: ResolveConfig;
  readonly retry: RetryConfig;
  /** Undefined: no active checks. `hc_freq` is TCP checks. */
  readonly activeHealth: ActiveHealthConfig | undefined;
  readonly passiveHealth: PassiveHealthConfig;
  /** Undefined: none. */
  readonly breaker: CircuitBreakerConfig | undefined;
  readonly limit: PeerLimitConfig;
  readonly onResponse: readonly ResponseHandlerConfig[];
  readonly hold: WebSocketHoldConfig;
}

/** What holds where nothing is said. */
export const UPSTREAM_POLICY_DEFAULTS: UpstreamPolicyConfig = {
  balance: { policy: { type: "round_robin" }, weights: [] },
  dynamic: undefined,
  resolve: { refreshMs: 30_000, resolvers: [] },
  retry: {
    retries: 0,
    tryDurationMs: 0,
    tryIntervalMs: 250,
    match: [],
    budgetPercent: 20,
    budgetMinPerSecond: 10,
  },
  activeHealth: undefined,
  passiveHealth: {
    failDurationMs: 0,
    maxFails: 1,
    unhealthyStatuses: [],
    unhealthyLatencyMs: 0,
    unhealthyRequestCount: 0,
  },
  breaker: undefined,
  limit: { maxRequests: 0, maxQueued: 1000, queueTimeoutMs: 5_000 },
  onResponse: [],
  hold: { limitMs: 0, intervalMs: 250 },
};

/** What an active check does where nothing else is said (Caddy's defaults). */
export const ACTIVE_HEALTH_DEFAULTS: ActiveHealthConfig = {
  type: "http",
  uri: "/",
  port: undefined,
  intervalMs: 30_000,
  timeoutMs: 5_000,
  passes: 1,
  fails: 1,
  status: 2,
  body: undefined,
  method: "GET",
  headers: [],
  followRedirects: false,
};

/** What a circuit breaker does where nothing else is said. */
export const CIRCUIT_BREAKER_DEFAULTS: CircuitBreakerConfig = {
  errorPercent: 50,
  windowMs: 10_000,
  minRequests: 20,
  openMs: 10_000,
  trials: 3,
};
