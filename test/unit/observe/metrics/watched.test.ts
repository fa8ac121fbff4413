import { describe, expect, test } from "bun:test";
import { type ExchangeFacts, type ExchangeFilter, passes } from "../../../../src/observe/metrics/watched.ts";

describe("what passes a filter", () => {
  const is = (filter: ExchangeFilter, more: Partial<ExchangeFacts> = {}) =>
    passes({ status: 200, route: "app", tookMs: 12, ...more }, filter);

  test("is everything where nothing is said", () => {
    expect([is({}, { status: 499, tookMs: 0 }), is({}, { tookMs: Number.NaN, route: undefined })]).toEqual([
      true,
      true,
    ]);
  });

  test("is by the route's whole key, or its own name", () => {
    const route = "app";
    expect([is({ route }), is({ route }, { route: "site > app" })]).toEqual([true, true]);
    expect([is({ route }, { route: "app > x" }), is({ route }, { route: "webapp" })]).toEqual([false, false]);
    expect(is({ route }, { route: undefined })).toBe(false);
  });

  test("is by status and by time, and both where both are said", () => {
    const statuses = [[500, 599]] as const;
    expect([is({ statuses }, { status: 500 }), is({ statuses }, { status: 499 })]).toEqual([true, false]);
    expect([is({ slowerThanMs: 11 }), is({ slowerThanMs: 12 })]).toEqual([true, false]);
    expect(is({ statuses, slowerThanMs: 11 })).toBe(false);
  });

  test("what stays open as its ends like is not slow", () => {
    expect(is({ slowerThanMs: 0 }, { tookMs: Number.NaN })).toBe(false);
  });
});
