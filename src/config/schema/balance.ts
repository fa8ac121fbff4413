import { count, DURATION } from "../kinds.ts";
import type { PolicyConfig } from "../model.ts";
import { FIELD, PARAMETER } from "./match-kinds.ts";
import { field, object } from "./object.ts";
import { COOKIE_NAME, COOKIE_SECRET, POLICY } from "./policy-kinds.ts";
import { scalar } from "./scalar.ts";
import { forms, lazy, made, type Schema } from "./schema.ts";
import { readSecret } from "./secret.ts";

/** Caddy's default of `random_choose`. */
const CHOOSE = 2;
const RANDOM: PolicyConfig = { type: "random" };

const WORD: Schema<PolicyConfig> = made(scalar(POLICY), ({ value }): PolicyConfig => {
  return value === "random_choose" ? { type: value, choose: CHOOSE } : { type: value };
});

const fallback = field(
  lazy((): Schema<PolicyConfig> => LB_POLICY),
  { doc: "The policy for a request that has none", absent: { default: "random" } },
);

const COOKIE: Schema<PolicyConfig> = object(
  "sticky cookie",
  { doc: "Brings a client back to the upstream that its cookie names." },
  {
    name: field(scalar(COOKIE_NAME), { doc: "Name of the cookie", absent: { default: "lb" } }),
    secret: field(readSecret(COOKIE_SECRET), {
      doc: "What the cookie's value is made by (HMAC-SHA256 of the upstream's address), or the file that holds it",
      absent: "required",
    }),
    max_age: field(scalar(DURATION), { doc: "How long the client keeps it", absent: { words: "for its session" } }),
    fallback,
  },
  ({ values: { name, secret, max_age: maxAge, fallback: other } }): PolicyConfig | undefined =>
    secret === undefined
      ? undefined
      : { type: "cookie", name: name?.value ?? "lb", secret, maxAgeMs: maxAge?.value ?? 0, fallback: other ?? RANDOM },
);

const HEADER: Schema<PolicyConfig> = forms(
  made(scalar(FIELD), ({ value }): PolicyConfig => ({ type: "header", field: value, fallback: RANDOM })),
  object(
    "policy by header",
    { doc: "The same upstream for the same value of a header field." },
    { field: field(scalar(FIELD), { doc: "Name of the field", absent: "required" }), fallback },
    ({ values }): PolicyConfig | undefined =>
      values.field && { type: "header", field: values.field.value, fallback: values.fallback ?? RANDOM },
  ),
);

const QUERY: Schema<PolicyConfig> = forms(
  made(scalar(PARAMETER), ({ value }): PolicyConfig => ({ type: "query", key: value, fallback: RANDOM })),
  object(
    "policy by query",
    { doc: "The same upstream for the same value of a query's parameter." },
    { key: field(scalar(PARAMETER), { doc: "Name of the parameter", absent: "required" }), fallback },
    ({ values }): PolicyConfig | undefined =>
      values.key && { type: "query", key: values.key.value, fallback: values.fallback ?? RANDOM },
  ),
);

const KEYS = ["random_choose", "header", "query", "cookie"] as const;

/** `lb_policy`: a word, or a policy with what it needs. */
export const LB_POLICY: Schema<PolicyConfig> = forms(
  WORD,
  object(
    "policy",
    { doc: "A policy that needs more than its name.", exclusive: [{ keys: KEYS }], anyOf: KEYS },
    {
      random_choose: field(scalar(count(2, 1000)), {
        doc: "The least busy of so many that are drawn",
        absent: { words: "not chosen so" },
      }),
      header: field(HEADER, {
        doc: "By a header field: its name alone, or keys",
        absent: { words: "not chosen so" },
      }),
      query: field(QUERY, { doc: "By a parameter: its name alone, or keys", absent: { words: "not chosen so" } }),
      cookie: field(COOKIE, { doc: "By a cookie that is set for it", absent: { words: "not chosen so" } }),
    },
    ({ values: { random_choose: choose, header, query, cookie } }): PolicyConfig | undefined =>
      choose === undefined ? (header ?? query ?? cookie) : { type: "random_choose", choose: choose.value },
  ),
);
