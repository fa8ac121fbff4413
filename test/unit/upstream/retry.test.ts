import { describe, expect, test } from "bun:test";
import { UPSTREAM_POLICY_DEFAULTS } from "../../../src/config/upstream-model.ts";
import { type FailedAttempt, retryVerdict } from "../../../src/upstream/retry.ts";
import { RetryBudget } from "../../../src/upstream/retry-budget.ts";

const DEFAULTS = { ...UPSTREAM_POLICY_DEFAULTS.retry, maxAttempts: 16 };
const FAILED: FailedAttempt = {
  attempts: 1,
  nothingSent: true,
  isRepeatable: true,
  hasOther: true,
  triesEndAt: Number.NaN,
};

describe("without any key of Caddy's", () => {
  test("each further peer is tried once, at once, where nothing was sent", () => {
    expect(retryVerdict(DEFAULTS, FAILED, 0)).toBe("retry");
    expect(retryVerdict(DEFAULTS, { ...FAILED, hasOther: false }, 0)).toBe("give-up");
    expect(retryVerdict(DEFAULTS, { ...FAILED, nothingSent: false }, 0)).toBe("give-up");
  });

  test("max_retries counts every attempt", () => {
    expect(retryVerdict({ ...DEFAULTS, maxAttempts: 3 }, { ...FAILED, attempts: 2 }, 0)).toBe("retry");
    expect(retryVerdict({ ...DEFAULTS, maxAttempts: 3 }, { ...FAILED, attempts: 3 }, 0)).toBe("give-up");
  });
});

describe("lb_retries", () => {
  const config = { ...DEFAULTS, retries: 2 };

  test("counts attempts after the first, and waits where every peer had its turn", () => {
    expect(retryVerdict(config, FAILED, 0)).toBe("retry");
    expect(retryVerdict(config, { ...FAILED, attempts: 2, hasOther: false }, 0)).toEqual({ afterMs: 250 });
    expect(retryVerdict(config, { ...FAILED, attempts: 3 }, 0)).toBe("give-up");
  });

  test("asks again for what was sent only where it may be repeated", () => {
    expect(retryVerdict(config, { ...FAILED, nothingSent: false }, 0)).toBe("retry");
    expect(retryVerdict(config, { ...FAILED, nothingSent: false, isRepeatable: false }, 0)).toBe("give-up");
  });
});

describe("lb_try_duration", () => {
  const config = { ...DEFAULTS, tryDurationMs: 5_000 };
  const attempt = { ...FAILED, hasOther: false, triesEndAt: 5_000 };

  test("goes on until its end, however many attempts that takes", () => {
    expect(retryVerdict(config, { ...attempt, attempts: 500 }, 4_000)).toEqual({ afterMs: 250 });
    expect(retryVerdict(config, attempt, 4_800)).toBe("give-up");
    expect(retryVerdict(config, { ...attempt, hasOther: true }, 4_800)).toBe("retry");
    expect(retryVerdict(config, { ...attempt, hasOther: true }, 5_000)).toBe("give-up");
  });

  test("with lb_retries the first of the two to be over ends it", () => {
    expect(retryVerdict({ ...config, retries: 1 }, { ...attempt, attempts: 2 }, 0)).toBe("give-up");
  });

  test("an interval of nothing is a short one all the same", () => {
    expect(retryVerdict({ ...config, tryIntervalMs: 0 }, attempt, 0)).toEqual({ afterMs: 5 });
  });
});

describe("the budget", () => {
  test("lets a part of the requests be retried, and so many a second always", () => {
    const budget = new RetryBudget(20, 2);
    const taken = (now: number, most: number): number => {
      let count = 0;
      while (count < most && budget.take(now)) count++;
      return count;
    };
    // What was saved up before the first bad moment.
    expect(taken(0, 1_000)).toBe(20);
    expect(taken(0, 1_000)).toBe(0);
    // Two a second by themselves.
    expect(taken(3_000, 1_000)).toBe(6);
    // A fifth of the requests.
    for (let i = 0; i < 50; i++) budget.onRequest();
    expect(taken(3_000, 1_000)).toBe(10);
    // It never saves up more than that.
    expect(taken(1e9, 1_000)).toBe(20);
  });

  test("of 0 percent is no limit", () => {
    const budget = new RetryBudget(0, 0);
    for (let i = 0; i < 10_000; i++) expect(budget.take(0)).toBe(true);
  });
});
