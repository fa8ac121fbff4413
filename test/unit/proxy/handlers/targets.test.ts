import { describe, expect, test } from "bun:test";
import type { Handler } from "../../../../src/proxy/handlers/handler.ts";
import { Replace } from "../../../../src/proxy/handlers/replace.ts";
import { ReplaceRegexp } from "../../../../src/proxy/handlers/replace-regexp.ts";
import { Rewrite } from "../../../../src/proxy/handlers/rewrite.ts";
import { StripPrefix } from "../../../../src/proxy/handlers/strip-prefix.ts";
import { StripSuffix } from "../../../../src/proxy/handlers/strip-suffix.ts";
import { sessionFor } from "./request.ts";

function after(handler: Handler, target: string, headers: Record<string, string> = {}): string {
  const session = sessionFor(target, { headers });
  void handler.handle(session);
  expect(session.target).toStartWith(session.path);
  return session.target;
}

describe("strip_prefix", () => {
  test.each([
    ["/api", "/api", "/"],
    ["/api", "/api/", "/"],
    ["/api", "/api/x?q=1&r=%20", "/x?q=1&r=%20"],
    ["/api", "/API/x", "/x"],
    ["/api", "//api//x", "/x"],
    ["/api", "/%61pi/x", "/x"],
    ["/api", "/api/a%2Fb/%e4%20/..%2fz", "/a%2Fb/%e4%20/..%2fz"],
    ["/api", "/api//x?", "/x?"],
    ["/api", "/api?a=b?c", "/?a=b?c"],
    ["/api", "/other", "/other"],
    ["/api", "/ap", "/ap"],
    ["api", "/api/x", "/x"],
    ["/a%2Fb", "/a%2Fb/x", "/x"],
    ["/a%2Fb", "/a%2fb/x", "/x"],
    ["/a%2Fb", "/a/b/x", "/a/b/x"],
    ["/é", "/%C3%A9/x", "/x"],
    // Caddy sends targets without a slash for these.
    ["/api", "/apix", "/x"],
    ["/api", "/api%2Fx", "/%2Fx"],
    // Caddy merges slashes everywhere, prefix or not.
    ["/api", "/api/https://b.example//c", "/https://b.example//c"],
    ["/api", "//o//x", "//o//x"],
    // What stripping joins must not climb.
    ["/api", "/api../../secret", "/secret"],
    ["/api", "/api%2e%2e/secret", "/secret"],
    ["/api", "/api../x/..", "/"],
  ])("%s of %s is %s", (prefix, target, result) => {
    expect(after(new StripPrefix(prefix), target)).toBe(result);
  });

  test("may have placeholders", () => {
    expect(after(new StripPrefix("/{header.X-P}"), "/a/b", { "X-P": "a" })).toBe("/b");
  });
});

describe("strip_suffix", () => {
  test.each([
    ["/a.php?x=.php", "/a?x=.php"],
    ["/a.PHP", "/a"],
    ["/a%2ephp", "/a%2ephp"],
    ["/a.php/", "/a.php/"],
    ["/.php", "/"],
  ])(".php of %s leaves %s", (target, result) => {
    expect(after(new StripSuffix(".php"), target)).toBe(result);
  });

  test("of a whole path leaves the root", () => {
    expect(after(new StripSuffix("/x"), "/x?y")).toBe("/?y");
  });
});

describe("replace", () => {
  const replace = (find: string, text: string, limit = 0): Replace =>
    new Replace({ type: "replace", find, with: text, limit });

  test.each([
    ["/docs/", "/v1/docs/", "/docs/x?y=/docs/", "/v1/docs/x?y=/v1/docs/"],
    ["/docs/", "/v1/docs/", "/a/docs/docs/b", "/a/v1/docs/docs/b"],
    ["/docs/", "/v1/docs/", "/do%63s/x", "/do%63s/x"],
    ["a", "?#% é", "/a?a", "/%3F%23%25%20%C3%A9??%23%25%20%C3%A9"],
    ["a", "%2F", "/a", "/%2F"],
    ["/a", "", "/a/b", "/b"],
    ["/a", "", "/a", "/"],
    ["x", "..", "/x/x/y", "/y"],
    ["", "b", "/a", "/a"],
  ])("%p by %p in %s gives %s", (find, text, target, result) => {
    expect(after(replace(find, text), target)).toBe(result);
  });

  test("the limit counts in the path and in the query", () => {
    expect(after(replace("a", "b", 1), "/aaa?a")).toBe("/baa?b");
    expect(after(replace("a", "b", 2), "/aaa?aaa")).toBe("/bba?bba");
  });
});

describe("replace_regexp", () => {
  test.each([
    ["/{2,}", "/", "/a//b%2F%2Fc?x=//", "/a/b%2F%2Fc?x=//"],
    ["/{2,}", "/", "//a", "/a"],
    ["^/(\\w+)/(\\w+)", "/$2/${1}x$$", "/a/b/c", "/b/ax$/c"],
    ["^/a(.*)$", "/b?x=$1&{query.x}#{method}", "/a/c%2F?x=/a$1", "/b%3Fx=/c%2F&/a$1%23GET?x=/a$1"],
    ["nothing", "x", "/a?b", "/a?b"],
  ])("%p by %p in %s gives %s", (regexp, text, target, result) => {
    expect(after(new ReplaceRegexp({ type: "replace_regexp", regexp, with: text }), target)).toBe(result);
  });
});

describe("rewrite", () => {
  test.each([
    ["/new", "/a%2Fb?q=1", "/new?q=1"],
    ["/new", "/?", "/new?"],
    ["/new?", "/a?q=1", "/new"],
    ["?x=1", "/a%2Fb?q=1", "/a%2Fb?x=1"],
    ["?", "/a?q", "/a"],
    ["/new?{query}&x=1", "/a?q=1", "/new?q=1&x=1"],
    ["/new?{query}&x=1", "/a", "/new?x=1"],
    ["?{query}&p={path}", "/a%2Fb?q=1&&b", "/a%2Fb?q=1&&b&p=%2Fa%2Fb"],
    ["/p?path={path}&q={query}&h={host}", "/a%26b?x=1&y=%26", "/p?path=%2Fa%26b&q=x%3D1%26y%3D%2526&h=www.a.example"],
    ["/new{path}", "/a%20b/%25c?q", "/new/a%20b/%25c?q"],
    ["/new{uri}", "/a%20b?q=1&%20", "/new/a%20b?q=1&%20"],
    ["/new{uri}", "/a", "/new/a"],
    ["/new{uri}?x=1", "/a?q=1", "/new/a?x=1"],
    ["/new{path}{?query}", "/a?q=1", "/new/a?q=1"],
    ["{path}.html", "/a", "/a.html"],
    ["/x?{header.A}=1&k=v+w", "/", "/x?a%26b%3Dc+d=1&k=v+w"],
    ["/x?sig=abc==&b", "/", "/x?sig=abc==&b"],
    ["/a#frag", "/x?q", "/a?q"],
    ["/a?b#frag?c", "/x?q", "/a?b"],
    // Caddy decodes these paths, so that `%2F` becomes a slash and `%3F` ends the path.
    ["/new{uri}", "/a%2Fb?q=1", "/new/a%2Fb?q=1"],
    ["/new{path}", "/a%3Fb", "/new/a%3Fb"],
    ["/{path.1}/{path.0}", "/a%2Fb/c", "/c/a%2Fb"],
    // Caddy encodes these once more.
    ["/a%2Fb/%20c?x=%20y", "/a", "/a%2Fb/%20c?x=%20y"],
    ["/a%zz b", "/a", "/a%25zz%20b"],
    // Caddy sends these without a slash.
    ["noslash", "/a", "/noslash"],
    // A value can neither end the path, nor begin a query, nor name a host, nor climb.
    ["/x/{header.E}/y", "/a?q", "/x/a%3Fb%23c%25%20d/y?q"],
    ["/{header.F}", "/a", "/evil.example"],
    ["/x/{header.G}/secret", "/a", "/secret"],
    ["/é", "/a", "/%C3%A9"],
  ])("%p of %s is %s", (to, target, result) => {
    const headers = { A: "a&b=c d", E: "a?b#c% d", F: "/evil.example", G: "../x/.." };
    expect(after(new Rewrite(to), target, headers)).toBe(result);
  });

  test("what was captured goes in encoded", () => {
    const session = sessionFor("/");
    session.capture("n", ["", "a?b/é%2e"]);
    new Rewrite("/x/{re.n.1}").handle(session);
    expect(session.target).toBe("/x/a%3Fb/%C3%A9%252e");
  });

  test("one that changes nothing is no change", () => {
    const session = sessionFor("/a?b");
    const before = session.revision;
    new Rewrite("{uri}").handle(session);
    expect(session.revision).toBe(before);
  });
});
