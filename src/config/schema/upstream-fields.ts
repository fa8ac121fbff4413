import { count, DURATION, SWITCH } from "../kinds.ts";
import type { ActiveHealthConfig, UpstreamPolicyConfig } from "../model.ts";
import { ACTIVE_HEALTH_DEFAULTS, CIRCUIT_BREAKER_DEFAULTS, UPSTREAM_POLICY_DEFAULTS } from "../upstream-model.ts";
import { LB_POLICY } from "./balance.ts";
import { SET_FIELD, FIELD_VALUE } from "./field-kinds.ts";
import { METHOD, REGEXP } from "./match-kinds.ts";
import { MATCH } from "./match.ts";
import { field, object, type Filled } from "./object.ts";
import { HEALTH_URI, STATUS_PATTERN } from "./policy-kinds.ts";
import { scalar } from "./scalar.ts";
import { forms, made, map, oneOrMany } from "./schema.ts";

const beside = { needs: "upstreams" } as const;
const MOST = 1_000_000;
const { retry: RETRY, passiveHealth: PASSIVE, limit: LIMIT, hold: HOLD } = UPSTREAM_POLICY_DEFAULTS;

const BREAKER = object(
  "circuit breaker",
  { doc: "Takes an upstream out while too many of its answers fail, then tries it with a few requests." },
  {
    error_percent: field(scalar(count(1, 100)), {
      doc: "Failures among the requests of the window at which it opens, in percent",
      absent: { default: String(CIRCUIT_BREAKER_DEFAULTS.errorPercent) },
    }),
    window: field(scalar(DURATION), { doc: "Length of the window", absent: { default: "10s" } }),
    min_requests: field(scalar(count(1, MOST)), {
      doc: "Fewer requests within the window say nothing",
      absent: { default: String(CIRCUIT_BREAKER_DEFAULTS.minRequests) },
    }),
    open: field(scalar(DURATION), { doc: "How long it stays open before it is tried", absent: { default: "10s" } }),
    trials: field(scalar(count(1, 1000)), {
      doc: "So many requests at once try it, and so many good ones close the breaker",
      absent: { default: String(CIRCUIT_BREAKER_DEFAULTS.trials) },
    }),
  },
  ({ values }) => ({
    errorPercent: values.error_percent?.value ?? CIRCUIT_BREAKER_DEFAULTS.errorPercent,
    windowMs: values.window?.value ?? CIRCUIT_BREAKER_DEFAULTS.windowMs,
    minRequests: values.min_requests?.value ?? CIRCUIT_BREAKER_DEFAULTS.minRequests,
    openMs: values.open?.value ?? CIRCUIT_BREAKER_DEFAULTS.openMs,
    trials: values.trials?.value ?? CIRCUIT_BREAKER_DEFAULTS.trials,
  }),
);

const BUDGET = object(
  "retry budget",
  {
    doc: "How many retries a route may make, so that an outage is not multiplied. Attempts that found nobody listening do not count.",
  },
  {
    percent: field(scalar(count(0, 100)), {
      doc: "Retries for so many requests, in percent; 0 is no limit",
      absent: { default: String(RETRY.budgetPercent) },
    }),
    min_per_second: field(scalar(count(0, MOST)), {
      doc: "So many a second are always allowed",
      absent: { default: String(RETRY.budgetMinPerSecond) },
    }),
  },
  ({ values }) => ({
    budgetPercent: values.percent?.value ?? RETRY.budgetPercent,
    budgetMinPerSecond: values.min_per_second?.value ?? RETRY.budgetMinPerSecond,
  }),
);

const WEBSOCKET_HOLD = forms(
  made(scalar(DURATION), ({ value }) => ({ limitMs: value, intervalMs: HOLD.intervalMs })),
  object(
    "websocket hold",
    { doc: "Keeps a client's WebSocket while its upstream is away, and goes on with a new one." },
    {
      limit: field(scalar(DURATION), { doc: "As long a client is held", absent: "required" }),
      interval: field(scalar(DURATION), { doc: "Pause between two dials", absent: { default: "250ms" } }),
    },
    ({ values: { limit, interval } }) =>
      limit && { limitMs: limit.value, intervalMs: interval?.value ?? HOLD.intervalMs },
  ),
);

const statuses = made(oneOrMany(scalar(STATUS_PATTERN)), (given) => given.map(({ value }) => value));

/** Keys of a route about which upstream is chosen, and about the care for those that fail. */
export const UPSTREAM_POLICY_FIELDS = {
  lb_policy: field(LB_POLICY, {
    ...beside,
    doc: "Which upstream gets the next request: a policy's name, or keys for one that needs more",
    absent: { default: "round_robin" },
  }),
  weights: field(oneOrMany(scalar(count(1, 1000))), {
    ...beside,
    doc: "How much each upstream gets, in their order",
    absent: { words: "all alike" },
  }),
  lb_retries: field(scalar(count(0, 1000)), {
    ...beside,
    doc: "Attempts after the first; 0 is one for each further upstream",
    absent: { default: "0" },
  }),
  lb_try_duration: field(scalar(DURATION), {
    ...beside,
    doc: "So long after the request came attempts are made again and again; 0 is off",
    absent: { default: "0" },
  }),
  lb_try_interval: field(scalar(DURATION), {
    ...beside,
    doc: "Pause before all upstreams are tried again",
    absent: { default: "250ms" },
  }),
  lb_retry_match: field(MATCH, {
    ...beside,
    doc: "Requests that may be sent again although some of it was sent; never one whose body was streamed",
    absent: { words: "GET, HEAD and OPTIONS without a body" },
  }),
  retry_budget: field(BUDGET, { ...beside, doc: "A limit on retries", absent: { words: "20 percent, 10 a second" } }),
  health_uri: field(scalar(HEALTH_URI), {
    ...beside,
    doc: "Ask each upstream for this, again and again, and send requests only to those that answer well",
    absent: { words: "not asked; / where another health_ key is given without hc_freq" },
  }),
  health_port: field(scalar(count(1, 65_535)), {
    ...beside,
    doc: "Port that is asked",
    absent: { words: "the upstream's" },
  }),
  health_interval: field(scalar(DURATION), { ...beside, doc: "Time between two checks", absent: { default: "30s" } }),
  health_timeout: field(scalar(DURATION), { ...beside, doc: "Time for one check", absent: { default: "5s" } }),
  health_passes: field(scalar(count(1, 1000)), {
    ...beside,
    doc: "Good checks in a row that bring an upstream back",
    absent: { default: "1" },
  }),
  health_fails: field(scalar(count(1, 1000)), {
    ...beside,
    doc: "Bad checks in a row that take it out",
    absent: { default: "1" },
  }),
  health_status: field(scalar(STATUS_PATTERN), {
    ...beside,
    doc: "Status of a good answer",
    absent: { default: "2xx" },
  }),
  health_body: field(scalar(REGEXP), {
    ...beside,
    doc: "Regular expression, as JavaScript has them, that the answer's body has to match",
    absent: { words: "any" },
  }),
  health_method: field(scalar(METHOD), { ...beside, doc: "Method of a check", absent: { default: "GET" } }),
  health_headers: field(map(SET_FIELD, oneOrMany(scalar(FIELD_VALUE)), { anyCase: true }), {
    ...beside,
    doc: "Header fields of a check",
    absent: { words: "none" },
  }),
  health_follow_redirects: field(scalar(SWITCH), {
    ...beside,
    doc: "Follow redirects of a check",
    absent: { default: "false" },
  }),
  fail_duration: field(scalar(DURATION), {
    ...beside,
    doc: "How long a failed request counts against its upstream; 0 is off",
    absent: { default: "0" },
  }),
  max_fails: field(scalar(count(1, MOST)), {
    needs: "fail_duration",
    doc: "So many within that time take it out, unless it is the last",
    absent: { default: "1" },
  }),
  unhealthy_status: field(statuses, {
    needs: "fail_duration",
    doc: "Statuses of answers that count as failures",
    absent: { words: "none" },
  }),
  unhealthy_latency: field(scalar(DURATION), {
    needs: "fail_duration",
    doc: "An answer that takes longer to begin counts as a failure; 0 is off",
    absent: { default: "0" },
  }),
  unhealthy_request_count: field(scalar(count(0, MOST)), {
    ...beside,
    doc: "With so many requests in flight it gets no more while another has fewer; 0 is off",
    absent: { default: "0" },
  }),
  circuit_breaker: field(BREAKER, { ...beside, doc: "A circuit breaker for each upstream", absent: { words: "none" } }),
  max_conns_per_host: field(scalar(count(0, MOST)), {
    ...beside,
    doc: "Most requests and WebSockets at once on one upstream; what is more waits. 0 is no limit",
    absent: { default: "0" },
  }),
  max_queued: field(scalar(count(0, MOST)), {
    ...beside,
    doc: "Most requests that wait for an upstream; what is more gets 503",
    absent: { default: String(LIMIT.maxQueued) },
  }),
  queue_timeout: field(scalar(DURATION), {
    ...beside,
    doc: "Longest wait for an upstream, past it 503",
    absent: { default: "5s" },
  }),
  websocket_hold: field(WEBSOCKET_HOLD, {
    ...beside,
    doc: "Keep a client's WebSocket so long while its upstream restarts, and go on with a new connection: a time, or keys",
    absent: { words: "not held" },
  }),
} as const;

type Given = Filled<typeof UPSTREAM_POLICY_FIELDS>;

/** Keys that ask for checks by requests. */
const HEALTH_KEYS = [
  "health_uri",
  "health_port",
  "health_interval",
  "health_timeout",
  "health_passes",
  "health_fails",
  "health_status",
  "health_body",
  "health_method",
  "health_headers",
  "health_follow_redirects",
] as const;

/** What a route says of the choice of its upstreams and of the care for them. @param count of its upstreams */
export function upstreamPolicyOf(filled: Given): Omit<UpstreamPolicyConfig, "onResponse"> {
  const { values } = filled;
  return {
    ...UPSTREAM_POLICY_DEFAULTS,
    balance: {
      policy: values.lb_policy ?? UPSTREAM_POLICY_DEFAULTS.balance.policy,
      weights: values.weights?.map(({ value }) => value) ?? [],
    },
    retry: {
      retries: values.lb_retries?.value ?? RETRY.retries,
      tryDurationMs: values.lb_try_duration?.value ?? RETRY.tryDurationMs,
      tryIntervalMs: values.lb_try_interval?.value ?? RETRY.tryIntervalMs,
      match: values.lb_retry_match ?? RETRY.match,
      budgetPercent: values.retry_budget?.budgetPercent ?? RETRY.budgetPercent,
      budgetMinPerSecond: values.retry_budget?.budgetMinPerSecond ?? RETRY.budgetMinPerSecond,
    },
    activeHealth: activeHealthOf(filled),
    passiveHealth: {
      failDurationMs: values.fail_duration?.value ?? PASSIVE.failDurationMs,
      maxFails: values.max_fails?.value ?? PASSIVE.maxFails,
      unhealthyStatuses: values.unhealthy_status ?? PASSIVE.unhealthyStatuses,
      unhealthyLatencyMs: values.unhealthy_latency?.value ?? PASSIVE.unhealthyLatencyMs,
      unhealthyRequestCount: values.unhealthy_request_count?.value ?? PASSIVE.unhealthyRequestCount,
    },
    breaker: values.circuit_breaker,
    limit: {
      maxRequests: values.max_conns_per_host?.value ?? LIMIT.maxRequests,
      maxQueued: values.max_queued?.value ?? LIMIT.maxQueued,
      queueTimeoutMs: values.queue_timeout?.value ?? LIMIT.queueTimeoutMs,
    },
    hold: values.websocket_hold ?? HOLD,
  };
}

/** What cannot be seen key by key. @param upstreams how many there are; undefined where they are looked up */
export function checkUpstreamPolicy(filled: Given, upstreams: number | undefined): void {
  const { values } = filled;
  const { weights } = values;
  if (weights !== undefined && upstreams === undefined) {
    filled.report("weights", "what is looked up has no order that weights could be in", { expected: "no weights" });
  } else if (weights !== undefined && weights.length !== upstreams) {
    const expected = `${upstreams} of them, one for each upstream in their order`;
    filled.report("weights", `there are ${weights.length} weights for ${upstreams} upstreams`, { expected });
  }
  if (values.lb_policy?.type === "weighted_round_robin" && !filled.has("weights")) {
    filled.report("lb_policy", "weighted_round_robin lacks its weights", {
      expected: "weights: [3, 1], or round_robin",
    });
  }
}

function activeHealthOf(filled: Given): ActiveHealthConfig | undefined {
  if (!HEALTH_KEYS.some((key) => filled.has(key))) return undefined;
  const { values } = filled;
  return {
    type: "http",
    uri: values.health_uri?.value ?? ACTIVE_HEALTH_DEFAULTS.uri,
    port: values.health_port?.value,
    intervalMs: values.health_interval?.value ?? ACTIVE_HEALTH_DEFAULTS.intervalMs,
    timeoutMs: values.health_timeout?.value ?? ACTIVE_HEALTH_DEFAULTS.timeoutMs,
    passes: values.health_passes?.value ?? ACTIVE_HEALTH_DEFAULTS.passes,
    fails: values.health_fails?.value ?? ACTIVE_HEALTH_DEFAULTS.fails,
    status: values.health_status?.value ?? ACTIVE_HEALTH_DEFAULTS.status,
    body: values.health_body?.value,
    method: values.health_method?.value ?? ACTIVE_HEALTH_DEFAULTS.method,
    headers: (values.health_headers ?? []).flatMap(({ key, value }) =>
      value.map((each) => ({ field: key, value: each.value })),
    ),
    followRedirects: values.health_follow_redirects?.value ?? ACTIVE_HEALTH_DEFAULTS.followRedirects,
  };
}
