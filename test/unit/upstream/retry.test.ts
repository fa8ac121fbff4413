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
  const taken = (budget: RetryBudget, now: number): number => {
    let count = 0;
    while (count < 1_000_000 && budget.take(now)) count++;
    return count;
  };
  const ask = (budget: RetryBudget, requests: number): void => {
    for (let i = 0; i < requests; i++) budget.onRequest();
  };

  test("lets a part of the requests be retried, and so many a second always", () => {
    const budget = new RetryBudget(20, 2, 0);
    // What was saved up before the first bad moment.
    expect(taken(budget, 0)).toBe(20);
    expect(taken(budget, 0)).toBe(0);
    // Two a second by themselves.
    expect(taken(budget, 3_000)).toBe(6);
    // A fifth of the requests.
    ask(budget, 50);
    expect(taken(budget, 3_000)).toBe(10);
    // Time alone saves up no more than ten seconds' worth.
    expect(taken(budget, 1e9)).toBe(20);
  });

  test("a busy route has as many as its last ten seconds give, so that hundreds in flight may lose their peer at once", () => {
    const budget = new RetryBudget(20, 10, 0);
    for (let second = 1; second <= 60; second++) {
      ask(budget, 1_000);
      expect(budget.take(second * 1_000)).toBe(true);
    }
    const most = taken(budget, 60_000);
    // A fifth of ten thousand and a hundred, save for what the coarse window forgets.
    expect(most).toBeGreaterThan(1_500);
    expect(most).toBeLessThanOrEqual(2_100);
  });

  test("requests of long ago pay for nothing", () => {
    const budget = new RetryBudget(20, 0, 0);
    ask(budget, 100_000);
    // As many as an even rate would have given in ten of these thousand seconds: a thousand, and a fifth of them is paid.
    expect(taken(budget, 1_000_000)).toBe(200);
    expect(taken(budget, 1_010_000)).toBe(0);
  });

  test("of 0 percent is no limit", () => {
    const budget = new RetryBudget(0, 0, 0);
    for (let i = 0; i < 10_000; i++) expect(budget.take(0)).toBe(true);
  });
});
