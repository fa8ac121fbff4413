import { describe, expect, test } from "bun:test";
import { Report } from "../../../../src/config/caddyfile/report.ts";
import type { Token } from "../../../../src/config/caddyfile/token.ts";
import { durationMs, durationNode, secondsNode, sizeNode } from "../../../../src/config/caddyfile/values.ts";
import { SourceText } from "../../../../src/config/source-text.ts";
import { parseDuration, parseSize } from "../../../../src/core/units.ts";

function token(text: string): Token {
  return {
    text,
    span: { source: new SourceText("f", text), start: 0, end: text.length },
    quote: "",
    startsLine: false,
  };
}

describe("times as Go and Caddy write them", () => {
  test.each([
    ["0", 0],
    ["10s", 10_000],
    ["1h30m", 5_400_000],
    ["1.5h", 5_400_000],
    [".5s", 500],
    ["1.s", 1000],
    ["+3s", 3000],
    ["1d12h", 129_600_000],
    ["1500us", 1.5],
    ["500ns", 0.0005],
  ])("%s", (text, ms) => {
    expect(durationMs(text)).toBeCloseTo(ms, 6);
    const node = durationNode(token(text), new Report());
    const parsed = "text" in node ? parseDuration(node.text) : undefined;
    expect(parsed).toEqual({ ok: true, value: Math.ceil(ms) });
  });

  test.each(["10", "1", "s", "1x", "-1s", "1 s", ""])("%j is none", (text) => {
    expect(durationMs(text)).toBeUndefined();
  });

  test("whole seconds are rounded up", () => {
    expect(secondsNode(token("1500ms"))).toMatchObject({ type: "word", text: "2" });
  });
});

describe("sizes as Caddy reads them", () => {
  test.each([
    ["512", 512],
    ["10MB", 10_000_000],
    ["10M", 10_000_000],
    ["10m", 10_000_000],
    ["10MiB", 10_485_760],
    ["10Mi", 10_485_760],
    ["1,000 kb", 1_000_000],
    ["1.5GiB", 1_610_612_736],
    [".5k", 500],
  ])("%s", (text, bytes) => {
    const node = sizeNode(token(text), new Report());
    expect(node !== undefined && "text" in node && parseSize(node.text)).toEqual({ ok: true, value: bytes });
  });

  test.each(["ten", "10X", "-1", "", "1i"])("%j is none", (text) => {
    const report = new Report();
    expect(sizeNode(token(text), report)).toBeUndefined();
    expect(report.problems).toHaveLength(1);
  });
});
