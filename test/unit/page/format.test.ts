import { describe, expect, test } from "bun:test";
import {
  bytes,
  calmSpan,
  clock,
  count,
  day,
  milliseconds,
  moment,
  percent,
  plural,
  rate,
  span,
} from "../../../src/page/browser/format.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe("figures of the page", () => {
  test.each([
    [0, "0"],
    [9_999, "9,999"],
    [10_000, "10k"],
    [48_210, "48.2k"],
    [999_960, "1000k"],
    [1_234_567, "1.2M"],
    [2.5e9, "2.5G"],
  ])("a count of %d is %s", (value, text) => expect(count(value)).toBe(text));

  test.each([
    [null, "–"],
    [0, "0"],
    [0.01, "<0.1"],
    [0.25, "0.3"],
    [7, "7"],
    [9.96, "10"],
    [131.7, "132"],
  ])("a rate of %p is %s", (value, text) => expect(rate(value)).toBe(text));

  test.each([
    [null, "–"],
    [0, "0 ms"],
    [0.01, "<0.1 ms"],
    [0.42, "0.4 ms"],
    [9.96, "10 ms"],
    [999.4, "999 ms"],
    [999.6, "1 s"],
    [1_340, "1.3 s"],
    [12_800, "13 s"],
    [59_600, "59 s"],
    [125_000, "2 min 5 s"],
  ])("%p milliseconds are %s", (value, text) => expect(milliseconds(value)).toBe(text));

  test.each([
    [undefined, "–"],
    [512, "512 B"],
    [999.6, "1 kB"],
    [3_400, "3.4 kB"],
    [84e6, "84 MB"],
    [131e6, "131 MB"],
  ])("%p bytes are %s", (value, text) => expect(bytes(value)).toBe(text));

  test.each([
    [0, 0, "–"],
    [0, 10, "0%"],
    [1, 10_000, "<0.1%"],
    [1, 250, "0.4%"],
    [27, 100, "27%"],
    [999, 1_000, ">99%"],
    [10, 10, "100%"],
  ])("%d of %d is %s", (part, whole, text) => expect(percent(part, whole)).toBe(text));

  test.each([
    [-5, "0 s"],
    [8_900, "8 s"],
    [4 * MINUTE, "4 min"],
    [4 * MINUTE + 5_000, "4 min 5 s"],
    [12 * MINUTE + 5_000, "12 min"],
    [2 * HOUR + 5 * MINUTE, "2 h 5 min"],
    [76 * HOUR, "3 d 4 h"],
  ])("a span of %d ms is %s", (ms, text) => expect(span(ms)).toBe(text));

  test("a calm span does not change each second", () => {
    expect(calmSpan(3_000)).toBe(calmSpan(57_000));
    expect(calmSpan(4 * MINUTE + 1)).toBe("4 min");
    expect(calmSpan(5 * HOUR)).toBe("5 h");
  });

  test("a moment has its day where that is another one", () => {
    const at = new Date(2026, 10, 25, 8, 5, 9).getTime();
    expect(clock(at)).toBe("08:05:09");
    expect(moment(at, at + HOUR)).toBe("08:05:09");
    expect(moment(at, at + 30 * HOUR)).toBe("2026-11-25 08:05");
    expect(day(at)).toBe("2026-11-25");
  });

  test("one is not several", () => {
    expect(plural(1, "retry", "retries")).toBe("1 retry");
    expect(plural(2, "retry", "retries")).toBe("2 retries");
    expect(plural(0, "day")).toBe("0 days");
  });
});
