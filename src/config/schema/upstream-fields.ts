import { count, DURATION, SWITCH } from "../kinds.ts";
import { STATUS_PATTERN } from "../upstream-kinds.ts";
import { ACTIVE_HEALTH_DEFAULTS, CIRCUIT_BREAKER_DEFAULTS, UPSTREAM_POLICY_DEFAULTS } from "../upstream-model.ts";
import type { PolicyExtra } from "../upstream-policy.ts";
import { LB_POLICY } from "./balance.ts";
import { SET_FIELD, FIELD_VALUE } from "./field-kinds.ts";
import { METHOD, REGEXP } from "./match-kinds.ts";
import { MATCH } from "./match.ts";
import { field, object, type Filled } from "./object.ts";
import { scalar } from "./scalar.ts";
import { forms, made, map, oneOrMany } from "./schema.ts";

const beside = { needs: "upstreams" } as const;
const MOST = 1_000_000;
const { retry: RETRY, hold: HOLD } = UPSTREAM_POLICY_DEFAULTS;

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

/** Keys of a route about which upstream is chosen, and about the care for those that fail, beside the settings. */
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
  lb_retry_match: field(MATCH, {
    ...beside,
    doc: "Requests that may be sent again although some of it was sent; never one whose body was streamed",
    absent: { words: "GET, HEAD and OPTIONS without a body" },
  }),
  retry_budget: field(BUDGET, { ...beside, doc: "A limit on retries", absent: { words: "20 percent, 10 a second" } }),
  health_body: field(scalar(REGEXP), {
    ...beside,
    doc: "With health_uri: a regular expression, as JavaScript has them, that the answer's body has to match",
    absent: { words: "any" },
  }),
  health_method: field(scalar(METHOD), {
    ...beside,
    doc: "With health_uri: method of a check",
    absent: { default: "GET" },
  }),
  health_headers: field(map(SET_FIELD, oneOrMany(scalar(FIELD_VALUE)), { anyCase: true }), {
    ...beside,
    doc: "With health_uri: header fields of a check",
    absent: { words: "none" },
  }),
  health_follow_redirects: field(scalar(SWITCH), {
    ...beside,
    doc: "With health_uri: follow redirects of a check",
    absent: { default: "false" },
  }),
  unhealthy_status: field(statuses, {
    ...beside,
    doc: "With fail_duration: statuses of answers that count as failures",
    absent: { words: "none" },
  }),
  circuit_breaker: field(BREAKER, { ...beside, doc: "A circuit breaker for each upstream", absent: { words: "none" } }),
  websocket_hold: field(WEBSOCKET_HOLD, {
    ...beside,
    doc: "Keep a client's WebSocket so long while its upstream restarts, and go on with a new connection: a time, or keys",
    absent: { words: "not held" },
  }),
} as const;

type Given = Filled<typeof UPSTREAM_POLICY_FIELDS>;

/** What a route says beside settings of the choice of its upstreams and of the care for them. */
export function policyExtraOf({ values }: Given): Omit<PolicyExtra, "onResponse" | "dynamic"> {
  return {
    policy: values.lb_policy,
    weights: values.weights?.map(({ value }) => value) ?? [],
    retry: { ...RETRY, ...values.retry_budget, match: values.lb_retry_match ?? RETRY.match },
    probe: {
      body: values.health_body?.value,
      method: values.health_method?.value ?? ACTIVE_HEALTH_DEFAULTS.method,
      headers: (values.health_headers ?? []).flatMap(({ key, value }) =>
        value.map((each) => ({ field: key, value: each.value })),
      ),
      followRedirects: values.health_follow_redirects?.value ?? ACTIVE_HEALTH_DEFAULTS.followRedirects,
    },
    unhealthyStatuses: values.unhealthy_status ?? [],
    breaker: values.circuit_breaker,
    hold: values.websocket_hold ?? HOLD,
  };
}

/** What cannot be seen key by key. @param upstreams how many there are; undefined where they are looked up */
export function checkUpstreamPolicy(filled: Given, upstreams: number | undefined): void {
  const { lb_policy: policy, weights } = filled.values;
  if (policy?.type === "weighted_round_robin" && !filled.has("weights")) {
    filled.report("lb_policy", "weighted_round_robin lacks its weights", {
      expected: "weights: [3, 1], or round_robin",
    });
  }
  if (upstreams === undefined) {
    if (weights === undefined) return;
    filled.report("weights", "what is looked up has no order that weights could be in", { expected: "no weights" });
    return;
  }
  if (weights !== undefined && weights.length !== upstreams) {
    const expected = `${upstreams} of them, one for each upstream in their order`;
    filled.report("weights", `there are ${weights.length} weights for ${upstreams} upstreams`, { expected });
  }
  if (policy?.type === "random_choose" && policy.choose > upstreams && upstreams > 1) {
    const message = `random_choose ${policy.choose} looks at all ${upstreams} upstreams`;
    filled.report("lb_policy", message, { severity: "warning", help: "least_conn says so" });
  }
}
