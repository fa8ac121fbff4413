import { describe, expect, test } from "bun:test";
import { MAX_DURATION_MS, parseDuration, parseSeconds, parseSize } from "../../../src/core/units.ts";

const valueOf = <T>(parsed: { ok: true; value: T } | { ok: false }): T | undefined =>
  parsed.ok ? parsed.value : undefined;

describe("parseDuration", () => {
  test.each([
    ["0", 0],
    ["0s", 0],
    ["250ms", 250],
    ["3s", 3000],
    ["1m30s", 90_000],
    ["1.5h", 5_400_000],
    ["1d", 86_400_000],
    ["1us", 1],
    ["1500µs", 2],
    ["24d", MAX_DURATION_MS],
  ])("%s is %i ms", (text, ms) => {
    expect(valueOf(parseDuration(text))).toBe(ms);
  });

  test.each([
    ["3", "3s"],
    ["1.5", "1.5s"],
    ["3 s", "3s"],
    ["3S", "3s"],
    ["5 minutes", "5m"],
    ["10sec", "10s"],
  ])("%s is refused and %s suggested", (text, suggestion) => {
    const parsed = parseDuration(text);
    expect(!parsed.ok && parsed.suggestion).toBe(suggestion);
    expect(parseDuration(suggestion).ok).toBe(true);
  });

  test.each(["", "s", "-1s", "1y", "1s1", "1e3s", "NaN", "Infinity", "25d", "0x10s", ".5s"])(
    "%j is refused",
    (text) => {
      expect(parseDuration(text).ok).toBe(false);
    },
  );
});

describe("parseSeconds", () => {
  test.each([
    ["0", 0],
    ["10", 10_000],
    ["10s", 10_000],
    ["1m", 60_000],
    ["250ms", 250],
  ])("%s is %i ms", (text, ms) => {
    expect(valueOf(parseSeconds(text))).toBe(ms);
  });

  test.each(["1.5", "-1", "x", "99999999"])("%s is refused", (text) => {
    expect(parseSeconds(text).ok).toBe(false);
  });
});

describe("parseSize", () => {
  test.each([
    ["0", 0],
    ["512", 512],
    ["512B", 512],
    ["64KiB", 65_536],
    ["64kib", 65_536],
    ["10MB", 10_000_000],
    ["1.5GiB", 1_610_612_736],
  ])("%s is %i bytes", (text, bytes) => {
    expect(valueOf(parseSize(text))).toBe(bytes);
  });

  test.each([
    ["1M", "1MiB"],
    ["1k", "1KiB"],
    ["1 MiB", "1MiB"],
  ])("%s is refused and %s suggested", (text, suggestion) => {
    const parsed = parseSize(text);
    expect(!parsed.ok && parsed.suggestion).toBe(suggestion);
  });

  test.each(["", "-1", "MiB", "1XB", "1e9", "99999999TiB"])("%j is refused", (text) => {
    expect(parseSize(text).ok).toBe(false);
  });
});

test("names that every object has are no units", () => {
  for (const name of ["constructor", "toString", "valueOf"]) {
    for (const parse of [parseDuration, parseSeconds, parseSize]) {
      expect(parse(`10${name}`)).toMatchObject({ ok: false });
      expect(parse(`10${name}`)).not.toHaveProperty("suggestion");
    }
  }
});
