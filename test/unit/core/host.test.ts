import { describe, expect, test } from "bun:test";
import { parseAuthority, parseName } from "../../../src/core/host.ts";

describe("parseAuthority", () => {
  test.each([
    ["app.example", "app.example"],
    ["App.Example:8080", "app.example:8080"],
    ["127.0.0.1", "127.0.0.1"],
    ["[::1]", "[::1]"],
    ["[::1]:80", "[::1]:80"],
    ["bücher.example:1", "xn--bcher-kva.example:1"],
  ])("%s is sent as %s", (text, sent) => {
    expect(parseAuthority(text)).toEqual({ ok: true, value: sent });
  });

  test.each(["", ":80", "a b", "a:0", "a:", "a:99999", "a/b", "a@b", "http://a", "::1", "a:b:c", "a\r\nX: y", "a?b"])(
    "%j is refused",
    (text) => {
      expect(parseAuthority(text).ok).toBe(false);
    },
  );
});

describe("parseName", () => {
  test.each(["", "1.2.3.4", "a..b", "a/b", "ü/b", "a:1", "*.example", "a b"])("%j is no name", (text) => {
    expect(parseName(text).ok).toBe(false);
  });
});
