import type { BalanceConfig, PolicyConfig } from "./model.ts";

/** A policy in words: `least_conn`, `header X-Id, else random`, `cookie lb for 60 s, else first`, `weighted_round_robin 3 2 1`. */
export function policyText({ policy, weights }: BalanceConfig): string {
  return [textOf(policy), ...weights].join(" ");
}

function textOf(policy: PolicyConfig): string {
  switch (policy.type) {
    case "random_choose":
      return `random_choose ${policy.choose}`;
    case "query":
      return `query ${policy.key}, else ${textOf(policy.fallback)}`;
    case "header":
      return `header ${policy.field}, else ${textOf(policy.fallback)}`;
    case "cookie":
      return `cookie ${policy.name}${ageOf(policy.maxAgeMs)}, else ${textOf(policy.fallback)}`;
    default:
      return policy.type;
  }
}

function ageOf(maxAgeMs: number): string {
  return maxAgeMs === 0 ? "" : ` for ${maxAgeMs / 1000} s`;
}
