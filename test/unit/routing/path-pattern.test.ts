import { describe, expect, test } from "bun:test";
import { compilePathPattern } from "../../../src/routing/path-pattern.ts";
import { createPathReadings } from "../../../src/routing/path-reading.ts";
import { bestOf } from "../../helpers/best-of.ts";

function takes(pattern: string, path: string): boolean {
  return compilePathPattern(pattern, createPathReadings()).matches(path);
}

/** Seen at Caddy 2.6.2, one request each: the paths that a pattern takes, and those that it does not. */
const CADDY: readonly (readonly [pattern: string, taken: readonly string[], left: readonly string[]])[] = [
  [
    "/foo",
    ["/foo", "/FOO", "/%66oo", "//foo", "/x/../foo", "/./foo", "/%2ffoo", "/x%2f..%2ffoo"],
    ["/foo/", "/foo//", "/foo%3f", "/foo;x", "/foo/..", "/foo%00"],
  ],
  [
    "/foo/*",
    ["/foo/", "/foo/x", "/FOO%2fx", "/x/%2e%2e/foo/a", "/foo//x", "/foo/./x", "/foo%2f"],
    ["/foo", "/foo/../x"],
  ],
  ["/foo*", ["/foo", "/foobar", "/foo/bar"], ["/fo"]],
  ["*.php", ["/a.php", "/a/b.PHP"], ["/a.php/"]],
  ["*/x/*", ["/a/x/b", "/x/"], ["/a/x"]],
  ["/a/*/b", ["/a/x/b", "/A/X/B"], ["/a//b", "/a/x/y/b", "/a/x%2fy/b", "/a/x/b/"]],
  ["/a/*/b*", ["/a/x/bcd"], ["/a/x/b/c"]],
  ["/a?c", ["/abc", "/a%c3%bcc", "/a%ffc", "/a%f0%9f%98%80c"], ["/a/c", "/ac"]],
  ["/[a-c]x", ["/bx", "/Bx"], ["/dx"]],
  ["/[^a-c]x", ["/dx"], ["/bx", "//x"]],
  ["/[a-", [], ["/[a-", "/a"]],
  ["/a\\*b", ["/a*b"], ["/axb"]],
  ["//foo*", ["//foo", "//foo/x", "//foo//x"], ["/foo", "///foo"]],
  ["/a//b", ["/a//b", "/A//B"], ["/a/b", "/a///b"]],
  ["/a%2fb", ["/a%2fb", "/a%2Fb", "/%61%2fb"], ["/a/b", "/a%252fb"]],
  ["/A%2FB", ["/a%2fb"], ["/a/b"]],
  ["/bands/%*", ["/bands/AC%2fDC", "/bands/ac", "/bands/"], ["/bands/a/b", "/bands"]],
  ["/bands/%*/x", ["/bands/AC%2fDC/x", "/bands/ac/x"], ["/bands/ac"]],
  ["/*/%25", ["/a/%25"], ["/a%2fb/%25"]],
  ["*", ["/", "//", "/x"], []],
  ["/*", ["/", "//", "/x"], []],
  ["foo", [], ["/foo", "/"]],
  ["", [], ["/foo", "/"]],
  ["/a/", ["/a/", "/a//"], ["/a"]],
  ["/Ü", ["/%c3%bc", "/%c3%9c"], ["/u"]],
  ["/i", ["/%c4%b0", "/I"], ["/%c4%b1"]],
  ["/k", ["/%e2%84%aa"], []],
  ["/ας", ["/%ce%b1%cf%82"], ["/%ce%91%ce%a3"]],
];

describe.each(CADDY)("the pattern %p", (pattern, taken, left) => {
  test("takes the paths that Caddy takes, and no other", () => {
    expect(taken.filter((path) => !takes(pattern, path))).toEqual([]);
    expect(left.filter((path) => takes(pattern, path))).toEqual([]);
  });
});

describe("where Caddy 2.6.2 differs, on purpose", () => {
  test("dots and spaces at the end count (for later Caddys too, but on Windows)", () => {
    expect(["/foo.", "/foo%20", "/foo/."].map((path) => takes("/foo", path))).toEqual([false, false, true]);
    expect(takes("/foo/*", "/foo/..")).toBe(false);
  });

  test("a pattern with an encoding takes capital letters (CVE-2026-27587 of Caddy up to 2.10.2)", () => {
    expect(takes("/a%2fb", "/A%2fB")).toBe(true);
  });

  test("a pattern with an encoding takes the whole path, not only its start", () => {
    expect(takes("/a%2fb", "/a%2fbcd")).toBe(false);
    expect(takes("/a%2fb*", "/a%2fbcd")).toBe(true);
  });

  test("a star that is decoded stays within its segment, also right after an encoding", () => {
    expect(takes("/%41*", "/%41%2f")).toBe(false);
    expect(takes("/%41%*", "/%41%2f")).toBe(true);
  });

  test("what ends a star is looked for outside of encodings", () => {
    expect(takes("/%2f*b", "/%2Fx%5b")).toBe(false);
    expect(takes("/*%2f*", "/%41%2fx")).toBe(true);
  });
});

test("a broken encoding is taken as it stands", () => {
  expect(takes("/a*", "/a%zz")).toBe(true);
  expect(takes("/a%zz", "/a%zz")).toBe(true);
});

test("patterns that take every path do not read it", () => {
  const reads = (pattern: string): boolean => compilePathPattern(pattern, createPathReadings()).readsPath;
  expect(["*", "/*", "**"].some(reads)).toBe(false);
  expect(["/a*", "*a", "//*", "/"].every(reads)).toBe(true);
});

test("a glob with many stars costs the lengths multiplied, not a power of them", async () => {
  const path = `/${"a".repeat(8000)}`;
  const taking = (): number => {
    const started = performance.now();
    expect(takes(`/${"a*".repeat(30)}b`, path)).toBe(false);
    return performance.now() - started;
  };
  expect(await bestOf(1000, taking)).toBeLessThan(1000);
});
