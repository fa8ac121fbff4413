import { describe, expect, test } from "bun:test";
import { parseNetworks, PRIVATE_RANGES } from "../../../src/core/cidr.ts";

describe("parseNetworks", () => {
  test.each([
    ["10.0.0.0/8", ["10.0.0.0/8"]],
    ["10.1.2.3", ["10.1.2.3/32"]],
    ["::1", ["::1/128"]],
    ["fd00::/8, 10.0.0.0/8", ["fd00::/8", "10.0.0.0/8"]],
    ["10.0.0.1 10.0.0.1", ["10.0.0.1/32"]],
    ["0.0.0.0/0,::/0", ["0.0.0.0/0", "::/0"]],
    ["private_ranges", PRIVATE_RANGES],
    ["private_ranges,10.0.0.0/8", PRIVATE_RANGES],
  ])("%s", (text, networks) => {
    expect(parseNetworks(text)).toEqual({ ok: true, value: [...networks] });
  });

  test.each([
    "",
    ",",
    "10.0.0.0/33",
    "::/129",
    "10.0.0.0/",
    "10.0.0.0/x",
    "10.0.0.0/-1",
    "host",
    "[::1]",
    "fe80::1%eth0",
    "1.2.3/8",
  ])("%j is refused", (text) => {
    expect(parseNetworks(text).ok).toBe(false);
  });

  test("a slip in private_ranges is found", () => {
    const parsed = parseNetworks("private_range");
    expect(!parsed.ok && parsed.suggestion).toBe("private_ranges");
  });
});
