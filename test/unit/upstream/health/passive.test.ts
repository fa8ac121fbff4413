import { describe, expect, test } from "bun:test";
import { CIRCUIT_BREAKER_DEFAULTS } from "../../../../src/config/upstream-model.ts";
import { CircuitBreaker } from "../../../../src/upstream/health/breaker.ts";
import { Failures } from "../../../../src/upstream/health/failures.ts";
import { pauseMs } from "../../../../src/upstream/health/schedule.ts";
import { matchesStatus } from "../../../../src/upstream/status-pattern.ts";

test("failures count for their time and are forgotten", () => {
  const failures = new Failures();
  failures.add(100, 0);
  failures.add(50, 20);
  expect([failures.count(20), failures.count(69), failures.count(70), failures.count(99), failures.count(100)]).toEqual(
    [2, 2, 1, 1, 0],
  );
  expect(failures.kept).toBe(0);
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
    for (let i = 0; i < 10; i++) breaker.onOutcome(false, 0);
    return breaker;
  };

  test("opens at so many percent of so many requests, not before", () => {
    const breaker = new CircuitBreaker(config);
    for (let i = 0; i < 9; i++) breaker.onOutcome(false, 0);
    expect(breaker.isOpen(0)).toBe(false);
    breaker.onOutcome(false, 0);
    expect(breaker.isOpen(0)).toBe(true);
    const half = new CircuitBreaker(config);
    for (let i = 0; i < 100; i++) half.onOutcome(i % 5 < 3, 0);
    expect(half.isOpen(0)).toBe(false);
  });

  test("forgets what lies before its window", () => {
    const breaker = new CircuitBreaker(config);
    for (let i = 0; i < 9; i++) breaker.onOutcome(false, 0);
    for (let i = 0; i < 9; i++) breaker.onOutcome(false, 1_000);
    expect(breaker.isOpen(1_000)).toBe(false);
    breaker.onOutcome(false, 1_900);
    expect(breaker.isOpen(1_900)).toBe(true);
  });

  test("lets so many trials through at once after its time, and closes when as many went well", () => {
    const breaker = opened();
    expect([breaker.isOpen(499), breaker.state]).toEqual([true, "open"]);
    expect([breaker.isOpen(500), breaker.state]).toEqual([false, "half_open"]);
    breaker.onAttempt();
    expect(breaker.isOpen(501)).toBe(false);
    breaker.onAttempt();
    expect(breaker.isOpen(502)).toBe(true);
    breaker.onOutcome(true, 510);
    expect([breaker.isOpen(511), breaker.state]).toEqual([false, "half_open"]);
    breaker.onOutcome(true, 520);
    expect(breaker.state).toBe("closed");
    // What was before is forgotten.
    breaker.onOutcome(false, 530);
    expect(breaker.isOpen(530)).toBe(false);
  });

  test("opens again at one bad trial; a client that left says nothing", () => {
    const breaker = opened();
    breaker.isOpen(500);
    breaker.onAttempt();
    breaker.onAttempt();
    breaker.onNothing();
    expect(breaker.isOpen(501)).toBe(false);
    breaker.onOutcome(false, 510);
    expect([breaker.isOpen(1_009), breaker.isOpen(1_010)]).toEqual([true, false]);
  });
});
