import { describe, expect, test } from "bun:test";
import { SourceText } from "../../../src/config/source-text.ts";

describe("SourceText", () => {
  const source = new SourceText("conf.yaml", "one\r\nzwölf: x\n\nlast\n");
  const at = (start: number, end = start): unknown => {
    const { line, column, length, excerpt } = source.position(start, end, undefined);
    return [line, column, length, excerpt];
  };

  test("counts lines and columns from one", () => {
    expect(at(0, 3)).toEqual([1, 1, 3, "one"]);
    expect(at(5, 10)).toEqual([2, 1, 5, "zwölf: x"]);
    expect(at(12, 13)).toEqual([2, 8, 1, "zwölf: x"]);
    expect(at(14)).toEqual([3, 1, 1, ""]);
  });

  test("marks one column at least, and no more than is left of the line", () => {
    expect(at(5, 500)).toEqual([2, 1, 8, "zwölf: x"]);
    expect(at(8, 2)).toEqual([2, 4, 1, "zwölf: x"]);
  });

  test("what is missing at the end is shown in the last line with text", () => {
    expect(at(20)).toEqual([4, 5, 1, "last"]);
    expect(at(9999)).toEqual([4, 5, 1, "last"]);
    expect(new SourceText("a", "").position(0, 0, undefined)).toMatchObject({ line: 1, column: 1, excerpt: "" });
  });
});
