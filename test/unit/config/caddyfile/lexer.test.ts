import { describe, expect, test } from "bun:test";
import { tokenize } from "../../../../src/config/caddyfile/lexer.ts";
import { Report } from "../../../../src/config/caddyfile/report.ts";
import type { Token } from "../../../../src/config/caddyfile/token.ts";
import { SourceText } from "../../../../src/config/source-text.ts";

const ENV: Readonly<Record<string, string>> = { A: "one", B: "two words", EMPTY: "", NEST: "{$A}" };

function read(text: string): { tokens: readonly Token[]; report: Report } {
  const report = new Report();
  return { tokens: tokenize(new SourceText("f", text), (name) => ENV[name], report) ?? [], report };
}

/** Lines of words, a line for each word that starts one. */
function lines(text: string): readonly (readonly string[])[] {
  const result: string[][] = [];
  for (const { text: word, startsLine } of read(text).tokens) {
    if (startsLine) result.push([word]);
    else result.at(-1)?.push(word);
  }
  return result;
}

describe("words of a Caddyfile", () => {
  test.each<[string, string, string[][]]>([
    ["words and lines", "a b\nc", [["a", "b"], ["c"]]],
    ["blank lines and tabs", "\n\n\ta\t b \n\n", [["a", "b"]]],
    ["comments", "# x\na # y\nb#c", [["a"], ["b#c"]]],
    ["quotes", 'a "b c" ""', [["a", "b c", ""]]],
    ["an escaped quote and other backslashes", String.raw`"a \"b\" \n"`, [['a "b" \\n']]],
    ["a quote within a word", 'a"b c"', [['a"b', 'c"']]],
    ["backticks", 'a `"b" \\`', [["a", '"b" \\']]],
    ["a quoted text over lines, and what follows it", '"a\nb" c\nd', [["a\nb", "c"], ["d"]]],
    ["a continued line", "a \\\n b\\\n c\nd", [["a", "b", "c"], ["d"]]],
    ["a continued line of Windows", "a \\\r\n b\r\nc", [["a", "b"], ["c"]]],
    ["a backslash before a space is nothing", String.raw`a\ b`, [["a", "b"]]],
    ["a backslash in a word", String.raw`a\b \c`, [["a\\b", "\\c"]]],
    ["braces", "{\n}", [["{"], ["}"]]],
    ["placeholders", "{host} {http.request.uri}", [["{host}", "{http.request.uri}"]]],
    ["a byte order mark", "\ufeffa", [["a"]]],
    ["a heredoc", "a <<X\n\tone\n\t two\n\n\tX b\nc", [["a", "one\n two\n", "b"], ["c"]]],
    ["an empty heredoc", "a <<X\nX", [["a", ""]]],
    ["what only begins as a heredoc", "a <<X b\n\\<<c\n<<", [["a", "<<X", "b"], ["<<c"], ["<<"]]],
    ["a variable", "{$A}:80 x{$A}y", [["one:80", "xoney"]]],
    ["a variable of several words", "{$B}", [["two", "words"]]],
    ["a quoted variable", '"{$B}"', [["two words"]]],
    ["a default", "{$NONE:a:b} {$A:no} {$NONE:}x {$EMPTY:no}y", [["a:b", "one", "x", "y"]]],
    ["a variable is filled in once", "{$NEST}", [["{$A}"]]],
    ["no name", "{$} {$", [["{$}", "{$"]]],
  ])("%s", (_, text, expected) => {
    expect(lines(text)).toEqual(expected);
  });

  test("each stands where it is written", () => {
    const text = 'a "b c"\n  {$A}x {$B} `d`';
    const at = read(text).tokens.map(({ span }) => text.slice(span.start, span.end));
    expect(at).toEqual(["a", '"b c"', "{$A}x", "{$B}", "{$B}", "`d`"]);
  });

  test("a variable that is not set is told of, but not in a comment", () => {
    const { report } = read("a {$NONE}b # {$NONE}\n# {$OTHER}\n{$NONE:}");
    expect(report.problems.map(({ severity, place }) => [severity, place])).toMatchObject([
      ["warning", { at: { line: 1, column: 3, length: 7 } }],
    ]);
  });

  test.each([
    ['a "b', 1, 3],
    ["a\n`b", 2, 1],
    ["a <<X\nb", 1, 3],
    ["<<a.b\n", 1, 1],
    ["a <<X\n  b\n c\n  X", 3, 1],
  ])("%j is refused", (text, line, column) => {
    const { tokens, report } = read(text);
    expect(tokens).toEqual([]);
    expect(report.problems).toMatchObject([{ severity: "error", place: { at: { line, column } } }]);
  });
});
