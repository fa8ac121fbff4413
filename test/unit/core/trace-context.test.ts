import { describe, expect, test } from "bun:test";
import { parseTraceParent, traceParentText } from "../../../src/core/trace-context.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";

describe("a traceparent", () => {
  test.each([
    [`00-${TRACE}-${SPAN}-01`, "01"],
    [`00-${TRACE}-${SPAN}-00`, "00"],
    [`00-${TRACE}-${SPAN}-03`, "03"],
    // What means nothing yet is not passed on.
    [`00-${TRACE}-${SPAN}-ff`, "03"],
    // A later version is read as far as it is known.
    [`cc-${TRACE}-${SPAN}-01`, "01"],
    [`cc-${TRACE}-${SPAN}-01-what-the-future-will-be-like`, "01"],
  ])("%s has its parts", (value, flags) => {
    expect(parseTraceParent(value)).toEqual({ traceId: TRACE, parentId: SPAN, flags });
  });

  test.each([
    "",
    "00",
    `ff-${TRACE}-${SPAN}-01`,
    `00-${"0".repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-1`,
    `00-${TRACE}-${SPAN}-01-more`,
    `cc-${TRACE}-${SPAN}-01.more`,
    `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`,
    `00-${TRACE}x-${SPAN}-01`,
    ` 00-${TRACE}-${SPAN}-01`,
  ])("%j is none", (value) => {
    expect(parseTraceParent(value)).toBeUndefined();
  });

  test("is written as it is read", () => {
    const text = traceParentText(TRACE, SPAN, "01");
    expect(parseTraceParent(text)).toEqual({ traceId: TRACE, parentId: SPAN, flags: "01" });
  });
});
