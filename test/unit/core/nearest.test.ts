import { describe, expect, test } from "bun:test";
import { editDistance, nearest } from "../../../src/core/nearest.ts";

describe("editDistance", () => {
  test.each([
    ["", "", 0],
    ["", "abc", 3],
    ["abc", "abc", 0],
    ["abc", "abd", 1],
    ["abc", "ab", 1],
    ["abc", "xabc", 1],
    ["abc", "acb", 1],
    ["bind", "bnid", 1],
    ["kitten", "sitting", 3],
  ])("%s and %s are %i slips apart", (a, b, slips) => {
    expect(editDistance(a, b)).toBe(slips);
    expect(editDistance(b, a)).toBe(slips);
  });
});

describe("nearest", () => {
  const known = ["bind", "upstream", "cp", "tls", "hc-freq", "idle-timeout", "read-timeout", "ba"];

  test.each([
    ["bnid", "bind"],
    ["Bind", "bind"],
    ["upstraem", "upstream"],
    ["up", "upstream"],
    ["hc_freq", "hc-freq"],
    ["idel-timeout", "idle-timeout"],
    ["bs", "ba"],
  ])("%s means %s", (typed, meant) => {
    expect(nearest(typed, known)).toBe(meant);
  });

  test.each(["frobnicate", "x", "", "xy", "downstream-thing"])("%j means none of them", (typed) => {
    expect(nearest(typed, known)).toBeUndefined();
  });
});
