import { describe, expect, test } from "bun:test";
import { areaPath, barsPath, linePath } from "../../../src/page/browser/path.ts";
import { linearScale, logScale, roundedUp } from "../../../src/page/browser/scale.ts";

describe("scales", () => {
  test.each([
    [0, 1],
    [0.7, 0.8],
    [1, 1],
    [14, 20],
    [208, 300],
    [600, 600],
    [601, 800],
    [8_001, 10_000],
  ])("%d ends at %d", (value, top) => expect(roundedUp(value)).toBeCloseTo(top));

  test("a linear one begins at 0, has its lines at halves, and is not flat where all is 0", () => {
    const scale = linearScale([3, 208], 1);
    expect(scale.lines).toEqual([0, 150, 300]);
    expect(scale.height(150)).toBe(0.5);
    expect(linearScale([0, 0], 1).lines).toEqual([0, 0.5, 1]);
    expect(linearScale([], 1).height(0)).toBe(0);
  });

  test("a logarithmic one has whole decades about all values", () => {
    const scale = logScale([8, 1_340], 1);
    expect(scale.lines).toEqual([1, 10, 100, 1_000, 10_000]);
    expect(scale.height(1)).toBe(0);
    expect(scale.height(100)).toBeCloseTo(0.5);
    expect(logScale([12, 98], 1).lines).toEqual([10, 100]);
    expect(logScale([1_000], 1).lines).toEqual([1_000, 10_000]);
  });

  test("a logarithmic one bears no value, and values below its least", () => {
    expect(logScale([], 1).lines).toEqual([1, 10]);
    const scale = logScale([0, 0.02], 1);
    expect(scale.lines).toEqual([1, 10]);
    expect([scale.height(0), scale.height(0.02)]).toEqual([0, 0]);
  });
});

describe("paths", () => {
  test("a line is broken where there is a gap", () => {
    expect(linePath([[0, 5], [1, 6.04], undefined, [3, 7], [4, 8]])).toBe("M0 5L1 6M3 7L4 8");
  });

  test("one spot between gaps is a dot, not nothing", () => {
    expect(linePath([undefined, [2, 3], undefined])).toBe("M2 3h0");
  });

  test("an area stands on the ground, with nothing under a gap", () => {
    expect(areaPath([[0, 5], [1, 6], undefined, [3, 7]], 10)).toBe("M0 10L0 5L1 6L1 10Z");
  });

  test("bars are there for what is above the ground", () => {
    expect(barsPath([[10, 10], undefined, [20, 4]], 10, 2)).toBe("M19 10V4h2V10Z");
  });
});
