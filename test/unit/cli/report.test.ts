import { describe, expect, test } from "bun:test";
import { renderProblems, summary } from "../../../src/cli/report.ts";
import type { Problem } from "../../../src/config/problem.ts";
import { SourceText } from "../../../src/config/source-text.ts";

const FLAG: Problem = { severity: "error", place: { type: "flag", name: "--bind" }, message: "no", seen: "a" };
const PLAIN = { pretty: false, colour: false };
const PRETTY = { pretty: true, colour: false };

describe("renderProblems", () => {
  test("gives one line for each, however much there is in it", () => {
    const problem = { ...FLAG, seen: "a\nb\u001b[2J", expected: "b", help: "did you mean a\nb?" };
    const text = renderProblems([problem, FLAG], PLAIN);
    expect(text.split("\n")).toHaveLength(3);
    expect(text).not.toContain("\u001b");
  });

  test("never lets through what would write into the terminal, nor turn the text round", () => {
    const source = new SourceText("\u001b]0;x\u0007.yaml", "a: \u001b[31m\u202eb\u0085");
    const problem: Problem = { ...FLAG, place: source.place(3, 9, "a\u001b"), message: "\u009b", help: "\u2066" };
    for (const style of [PLAIN, PRETTY]) {
      // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
      expect(renderProblems([problem], style)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e\u2066]/);
    }
  });

  test("shortens what is long", () => {
    expect(renderProblems([{ ...FLAG, seen: "x".repeat(10_000) }], PLAIN).length).toBeLessThan(300);
  });

  test("puts the caret under the spot, also far out in a line and behind tabs", () => {
    for (const before of ["", "\t\t", `${"y".repeat(500)}`]) {
      const source = new SourceText("f", `${before}HERE and more`);
      const place = source.place(before.length, before.length + 4, undefined);
      const [, , , line = "", caret = ""] = renderProblems([{ ...FLAG, place }], PRETTY).split("\n");
      expect(line.slice(caret.indexOf("^"), caret.lastIndexOf("^") + 1)).toBe("HERE");
    }
  });

  test("has colour only where it is asked for", () => {
    expect(renderProblems([FLAG], { pretty: true, colour: true })).toContain("\u001b[31m");
    expect(renderProblems([FLAG], PRETTY)).not.toContain("\u001b");
  });
});

test("the summary counts errors only", () => {
  expect(summary([FLAG])).toContain("1 error,");
  expect(summary([FLAG, FLAG, { ...FLAG, severity: "warning" }])).toContain("2 errors,");
});
