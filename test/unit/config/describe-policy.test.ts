import { expect, test } from "bun:test";
import { policyText } from "../../../src/config/describe-policy.ts";
import type { PolicyConfig } from "../../../src/config/model.ts";

const FIRST = { type: "first" } as const;
const COOKIE = { type: "cookie", name: "lb", secret: "hidden", maxAgeMs: 0, fallback: FIRST } as const;

test.each<[PolicyConfig, readonly number[], string]>([
  [{ type: "least_conn" }, [], "least_conn"],
  [{ type: "weighted_round_robin" }, [3, 2, 1], "weighted_round_robin 3 2 1"],
  [{ type: "random_choose", choose: 3 }, [], "random_choose 3"],
  [{ type: "query", key: "id", fallback: FIRST }, [], "query id, else first"],
  [
    { type: "header", field: "X-Id", fallback: { type: "query", key: "id", fallback: FIRST } },
    [],
    "header X-Id, else query id, else first",
  ],
  [COOKIE, [], "cookie lb, else first"],
  [{ ...COOKIE, maxAgeMs: 60_000 }, [], "cookie lb for 60 s, else first"],
])("a policy is told with its options, a secret is not", (policy, weights, text) => {
  expect(policyText({ policy, weights })).toBe(text);
});
