import { describe, expect, test } from "bun:test";
import { translateRegexp } from "../../../../src/config/caddyfile/regexp.ts";
import { translateReplacement } from "../../../../src/config/caddyfile/replacement.ts";

function translated(text: string): string {
  const result = translateRegexp(text);
  return result.ok ? result.value.pattern : `refused: ${result.fault}`;
}

describe("regular expressions of Go", () => {
  test.each([
    ["^/a(b|c)*\\.php$", "^/a(b|c)*\\.php$"],
    ["(?i)a", "(?i:a)"],
    ["a(?i)b|c", "a(?i:b)|(?i:c)"],
    ["(a(?i)b|c)d", "(a(?i:b)|(?i:c))d"],
    ["(?i)(a(?-i)b)c", "(?i:(a(?-i:b))c)"],
    ["(?is:a.)(?m)^b", "(?is:a.)(?m:(?<=\\n|(?<![^]))b)"],
    ["^/a/.*$", "^/a/[^\\n]*$"],
    ["(?P<id>a)(?<b>c)(?:d)", "(?<id>a)(?<b>c)(?:d)"],
    ["[[:alpha:]_]", "[A-Za-z_]"],
    ["[^[:^digit:]]", "[^\\x00-/:-\\uffff]"],
    ["[]a]", "[\\]a]"],
    ["[^]a]", "[^\\]a]"],
    ["[a[b]", "[a\\[b]"],
    ["\\Qa.b\\E.", "a\\.b[^\\n]"],
    ["\\Qa.b", "a\\.b"],
    ["\\x{1F600}\\x41\\101\\a", "\\ud83d\\ude00\\u0041\\u0041\\x07"],
    ["\\-\\_\\/", "\\-\\_\\/"],
    ["\\d\\w\\b", "\\d\\w\\b"],
    ["a{2,3}?b+?", "a{2,3}?b+?"],
  ])("%j is %j here", (text, expected) => {
    expect(translated(text)).toBe(expected);
  });

  test.each([
    ["\\As\\z", "s", true],
    ["\\Aa\\z", "b\na", false],
    ["(?m)\\Aa$", "b\na", false],
    ["(?m)^a$", "b\na", true],
    ["(?m)^a$", "b\ra", false],
    ["^/a/.*$", "/a/\r\u2028", true],
    ["^/a/.*$", "/a/\n", false],
    ["^\\s$", "\u00a0", false],
    ["^[\\s]$", "\t", true],
    ["^[^\\S]$", " ", true],
    ["^[\\S]$", "\u00a0", true],
    ["^[[:punct:]]+$", "!/:@[`{~", true],
    ["^[[:^punct:]]+$", "aA0 ", true],
    ["^[[:^punct:]]$", "[", false],
    ["^[[:word:]]$", "_", true],
  ])("%j on %j: %p", (text, subject, matches) => {
    expect(new RegExp(translated(text)).test(subject)).toBe(matches);
  });

  test.each([
    "(?=a)",
    "(?!a)",
    "(?<=a)",
    "(a)\\1",
    "\\p{Greek}",
    "\\pN",
    "(?U)a",
    "a**",
    "a++",
    "(",
    "a)",
    "[a",
    "\\y",
    "(?#a)",
  ])("%j is refused", (text) => {
    expect(translateRegexp(text).ok).toBe(false);
  });

  test("the names of the groups are told", () => {
    expect(translateRegexp("(a)(?P<n>b)(?:c)(d)")).toMatchObject({
      value: { groups: [undefined, "n", undefined] },
    });
  });
});

describe("replacements of Go", () => {
  test.each([
    ["a$1b", undefined],
    ["${1}b", "$1b"],
    ["$2", "$2"],
    ["$n-${n}", "$2-$2"],
    ["$$1", "$$1"],
    ["5$ or $", "5$$ or $$"],
    ["{host}$1", "{host}$1"],
    ["$3", undefined],
    ["$0", undefined],
  ])("%j is %j here", (text, expected) => {
    const result = translateReplacement(text, [undefined, "n"]);
    expect(result.ok ? result.value : undefined).toBe(expected);
  });
});
