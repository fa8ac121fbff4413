import { describe, expect, test } from "bun:test";
import { compilePath, type PathMatch } from "../../../src/routing/path.ts";

describe("a pattern of whole segments", () => {
  const match = compilePath({ type: "segments", path: "/up" });
  test.each<[string, PathMatch]>([
    ["/up", "match"],
    ["/up/", "match"],
    ["/up/x", "match"],
    ["/up/x%2fy", "match"],
    ["/up//x", "match"],
    ["/upper", "no-match"],
    ["/up;x", "no-match"],
    ["/UP", "no-match"],
    ["//up", "no-match"],
    ["/", "no-match"],
    ["/x%2f..%2fup", "no-match"],
    ["/up/..%2fx", "escapes"],
    ["/up/..;/x", "escapes"],
    ["/up/a%252fb%2f..%2f..%2fx", "escapes"],
  ])("takes %s as %s", (path, expected) => expect(match(path)).toBe(expected));

  test("with a percent-encoding of its own takes paths that are written like it", () => {
    const encoded = compilePath({ type: "segments", path: "/a%41;b" });
    expect(["/a%41;b", "/a%41;b/x", "/aA"].map(encoded)).toEqual(["match", "match", "no-match"]);
  });
});

describe("a plain prefix", () => {
  const match = compilePath({ type: "prefix", path: "/up" });
  test.each<[string, PathMatch]>([
    ["/up", "match"],
    ["/upper", "match"],
    ["/up;x", "match"],
    ["/u", "no-match"],
    ["/up..", "match"],
    ["/up%2f..", "escapes"],
    ["/upper/..;/x", "escapes"],
  ])("takes %s as %s", (path, expected) => expect(match(path)).toBe(expected));
});

test.each([
  ["segments", "/"],
  ["prefix", "/"],
  ["prefix", ""],
] as const)("nothing is outside of %s %j", (type, path) => {
  expect(compilePath({ type, path })("/x%2f..%2f..%2fy")).toBe("match");
});
