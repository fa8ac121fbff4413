import { describe, expect, test } from "bun:test";
import { isAuthority } from "../../../src/core/authority.ts";
import { mayClimb, parseTarget } from "../../../src/core/target.ts";
import { bestOf } from "../../helpers/best-of.ts";

describe("parseTarget", () => {
  test.each([
    ["http://a/", "a", "/", "/"],
    ["http://a/x/y?z", "a", "/x/y?z", "/x/y"],
    ["https://a.example:8443/x?", "a.example:8443", "/x?", "/x"],
    ["http://a//x", "a", "//x", "//x"],
    ["http://a/?/../x", "a", "/?/../x", "/"],
    ["http://[::1]/x", "[::1]:80", "/x", "/x"],
  ])("takes %s apart", (url, host, target, path) => {
    expect(parseTarget(url, host)).toEqual({ type: "ok", target, path });
  });

  test("gives the path of HTTP/1.0 without Host the form that all others have", () => {
    const target = "/b/c?d=%C3%A4";
    expect(parseTarget("/a/../b\\c?d=ä", null)).toEqual({ type: "ok", target, path: "/b/c" });
    expect(parseTarget("//a/x", null)).toEqual({ type: "ok", target: "//a/x", path: "//a/x" });
  });

  test.each([
    ["/x", "a@b", "invalid_host"],
    ["/x", "", "invalid_host"],
    ["http://a:b/x/../y", "a:b", "invalid_host"],
    ["http://a/x", "a, b", "invalid_host"],
    ["http://a/x#y", "a", "invalid_target"],
    ["/x#y", null, "invalid_target"],
  ])("refuses %s for the Host %s", (url, host, type) => {
    expect(parseTarget(url, host)).toMatchObject({ type });
  });
});

describe("isAuthority", () => {
  test.each(
    "a a.b a.b. a-b a_b 1b a.1b xn--a a:1 a:65535 a: localhost:59999 127.0.0.1 127.0.0.1:60000 [::1] [::1]:80 a~!$&'()*+;=b".split(
      " ",
    ),
  )("takes %s", (host) => {
    expect(isAuthority(host)).toBe(true);
  });

  test.each(["", ":80", "a:b", "a:65536", "a:1:2", "a@b", "a/b", "a?b", "a#b", "a b", "a%41", "a,b", "ä", "a\\b", '"'])(
    "refuses %j",
    (host) => expect(isAuthority(host)).toBe(false),
  );

  test.each(["[::1", "[:::]", "[::1]x", "::1", "256.1.1.1", "08.1.1.1", "1.2.3.4.5", "a.1", "a.0x", "0xffffffffff"])(
    "refuses %s, which Bun cannot parse",
    (host) => expect(isAuthority(host)).toBe(false),
  );

  test("takes no time for a Host as long as a head can be", async () => {
    const long = ["a.", "1.", "a", "-", "1:"].map((piece) => `${piece.repeat(8_000)}@`);
    const taking = (): number => {
      const start = performance.now();
      expect(long.some(isAuthority)).toBe(false);
      return performance.now() - start;
    };
    expect(await bestOf(100, taking)).toBeLessThan(100);
  });
});

describe("mayClimb", () => {
  test.each([
    "/",
    "/a/b",
    "/a.b",
    "/a..b",
    "/..a",
    "/a..",
    "/.a",
    "/a%20b",
    "/a%2fb",
    "/a;b",
    "/%",
    "/%zz",
    "/a//b",
    "/%2525",
  ])("sees no step upwards in %s", (path) => expect(mayClimb(path)).toBe(false));

  test.each([
    "/..",
    "/../a",
    "/a/..",
    "/...",
    "/..;a",
    "/a;..",
    "/a%2f..",
    "/%2e%2e",
    "/%252e.",
    "/a%5c..",
    "/..%00",
    "/.%09.",
    "/%25252e%2e",
  ])("sees one in %s", (path) => expect(mayClimb(path)).toBe(true));

  test("takes no time for nesting as deep as a head can be, and refuses it", async () => {
    // Each `%3%35` is decoded to one `%35`, so that it takes one round for each.
    const nested = `/%2%6${"%3".repeat(5_000)}%35`;
    const taking = (): number => {
      const start = performance.now();
      expect(mayClimb(nested)).toBe(true);
      expect(mayClimb(`/%${"25".repeat(8_000)}2e.`)).toBe(true);
      return performance.now() - start;
    };
    expect(await bestOf(100, taking)).toBeLessThan(100);
  });
});
