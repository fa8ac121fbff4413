import { describe, expect, test } from "bun:test";
import { CIRCUIT_BREAKER_DEFAULTS } from "../../../../src/config/upstream-model.ts";
import { CircuitBreaker } from "../../../../src/upstream/health/breaker.ts";
import { Failures } from "../../../../src/upstream/health/failures.ts";
import { pauseMs } from "../../../../src/upstream/health/schedule.ts";
import { matchesStatus } from "../../../../src/upstream/status-pattern.ts";

test("failures count for their time and are forgotten", () => {
  const failures = new Failures();
  failures.reserve(2);
  failures.add(100, 0);
  failures.add(50, 20);
  const times = [20, 69, 70, 99, 100];
  expect(times.map((now) => failures.count(now))).toEqual([2, 2, 1, 1, 0]);
  expect(times.map((now) => failures.areAtLeast(2, now))).toEqual([true, true, false, false, false]);
  expect(failures.isEmpty).toBe(true);
});

test("of failures no more are kept than somebody asks for: those that count longest", () => {
  const failures = new Failures();
  failures.reserve(3);
  for (let i = 0; i < 1_000; i++) failures.add(i % 2 === 0 ? 100 : 10, i);
  expect(failures.count(1_000)).toBe(3);
  // The last three with the longer time were at 994, 996 and 998.
  expect([failures.areAtLeast(3, 1_093), failures.areAtLeast(3, 1_094), failures.areAtLeast(2, 1_095)]).toEqual([
    true,
    false,
    true,
  ]);
  expect([failures.areAtLeast(1, 1_097), failures.areAtLeast(1, 1_098)]).toEqual([true, false]);
});

test("a status is its own, or one of its hundred", () => {
  expect([matchesStatus(503, 503), matchesStatus(503, 502), matchesStatus(5, 599), matchesStatus(5, 404)]).toEqual([
    true,
    false,
    true,
    false,
  ]);
});

test("a peer that is down is looked at soon, then with pauses that double up to the interval, and a tenth of jitter", () => {
  const middle = [0, 1, 2, 3, 4, 5, 50].map((looks) => pauseMs(3_000, looks, 0.5));
  expect(middle).toEqual([3_000, 250, 500, 1_000, 2_000, 3_000, 3_000]);
  expect([pauseMs(1_000, 0, 0), pauseMs(1_000, 0, 1)]).toEqual([900, 1_100]);
  // One that is looked at often anyway is not looked at less.
  expect(pauseMs(20, 1, 0.5)).toBe(20);
});

describe("a circuit breaker", () => {
  const config = {
    ...CIRCUIT_BREAKER_DEFAULTS,
    minRequests: 10,
    errorPercent: 50,
    windowMs: 1_000,
    openMs: 500,
    trials: 2,
  };
  const opened = (): CircuitBreaker => {
    const breaker = new CircuitBreaker(config);
    for (let i = 0; i < 10; i++) breaker.onOutcome(false, undefined, 0);
    return breaker;
  };

  test("opens at so many percent of so many requests, not before", () => {
    const breaker = new CircuitBreaker(config);
    for (let i = 0; i < 9; i++) breaker.onOutcome(false, undefined, 0);
    expect(breaker.isOpen(0)).toBe(false);
    breaker.onOutcome(false, undefined, 0);
    expect(breaker.isOpen(0)).toBe(true);
    const half = new CircuitBreaker(config);
    for (let i = 0; i < 100; i++) half.onOutcome(i % 5 < 3, undefined, 0);
    expect(half.isOpen(0)).toBe(false);
  });

  test("forgets what lies before its window", () => {
    const breaker = new CircuitBreaker(config);
    for (let i = 0; i < 9; i++) breaker.onOutcome(false, undefined, 0);
    for (let i = 0; i < 9; i++) breaker.onOutcome(false, undefined, 1_000);
    expect(breaker.isOpen(1_000)).toBe(false);
    breaker.onOutcome(false, undefined, 1_900);
    expect(breaker.isOpen(1_900)).toBe(true);
  });

  test("lets so many trials through at once after its time, and closes when as many went well", () => {
    const breaker = opened();
    expect([breaker.isOpen(499), breaker.state]).toEqual([true, "open"]);
    expect([breaker.isOpen(500), breaker.state]).toEqual([false, "half_open"]);
    const one = breaker.onAttempt();
    expect(breaker.isOpen(501)).toBe(false);
    const two = breaker.onAttempt();
    expect(breaker.isOpen(502)).toBe(true);
    breaker.onOver(one);
    breaker.onOutcome(true, one, 510);
    expect([breaker.isOpen(511), breaker.state]).toEqual([false, "half_open"]);
    breaker.onOver(two);
    breaker.onOutcome(true, two, 520);
    expect(breaker.state).toBe("closed");
    // What was before is forgotten.
    breaker.onOutcome(false, undefined, 530);
    expect(breaker.isOpen(530)).toBe(false);
  });

  test("opens again at one bad trial, also at one whose answer breaks off; a client that left says nothing", () => {
    const breaker = opened();
    breaker.isOpen(500);
    const bad = breaker.onAttempt();
    const left = breaker.onAttempt();
    breaker.onOver(left);
    expect(breaker.isOpen(501)).toBe(false);
    breaker.onOver(bad);
    breaker.onOutcome(false, bad, 510);
    expect([breaker.isOpen(1_009), breaker.isOpen(1_010)]).toEqual([true, false]);
    const broken = breaker.onAttempt();
    breaker.onOver(broken);
    breaker.onOutcome(true, broken, 1_020);
    breaker.onBroken(broken, 1_030);
    expect(breaker.isOpen(1_031)).toBe(true);
  });

  test("what began before the trials, or belongs to earlier ones, neither closes nor opens it, and frees no place", () => {
    const breaker = opened();
    breaker.isOpen(500);
    const [early, bad] = [breaker.onAttempt(), breaker.onAttempt()];
    breaker.onOver(bad);
    breaker.onOutcome(false, bad, 510);
    breaker.isOpen(1_010);
    const trials = [breaker.onAttempt(), breaker.onAttempt()];
    for (const trial of [early, undefined]) {
      breaker.onOver(trial);
      for (let i = 0; i < 3; i++) breaker.onOutcome(true, trial, 1_011);
      breaker.onOutcome(false, trial, 1_012);
    }
    expect([breaker.isOpen(1_013), breaker.state]).toEqual([true, "half_open"]);
    for (const trial of trials) {
      breaker.onOver(trial);
      breaker.onOutcome(true, trial, 1_020);
    }
    expect(breaker.state).toBe("closed");
  });

  test("an answer that began well and broke off is one request, and bad", () => {
    const breaker = new CircuitBreaker({ ...config, errorPercent: 100 });
    for (let i = 0; i < 10; i++) {
      breaker.onOutcome(true, undefined, 0);
      breaker.onBroken(undefined, 1);
    }
    expect(breaker.isOpen(1)).toBe(true);
  });
});
