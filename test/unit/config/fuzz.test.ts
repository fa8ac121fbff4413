import { expect, test } from "bun:test";
import { parseArgv } from "../../../src/cli/argv.ts";
import { renderProblems } from "../../../src/cli/report.ts";
import { decode } from "../../../src/config/decode.ts";
import { SourceText } from "../../../src/config/source-text.ts";
import { readYaml } from "../../../src/config/yaml.ts";

/** The same numbers in each run: xorshift32. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const PIECES = [
  ...[
    "--bind",
    "--pa",
    "--tls",
    "-c",
    "-t",
    "-d",
    "--",
    "-",
    "=",
    "bind",
    "upstream",
    "threads",
    "cp",
    "unix/",
    "https://",
  ],
  ...[
    ":",
    ": ",
    "[",
    "]",
    "{",
    "}",
    "\n",
    "\n  ",
    "- ",
    "&a",
    "*a",
    "!!str ",
    "'",
    '"',
    "|",
    ">",
    "#",
    "? ",
    "%",
    "@",
    "\t",
  ],
  ...[
    "1",
    "-1",
    "0x",
    "65536",
    "8001-8002",
    "a",
    "ü",
    "\u0000",
    "\u001b",
    "\ud800",
    "\u2028",
    "/",
    "*",
    "..",
    "true",
    "~",
  ],
  ...["routes", "listeners", "- match: ", "path", "respond", "upstreams", "header", "set", "X-A", "not"],
  ...["${HOME}", "${NONE}", "${", "$${", "{host}", "{hots}", "{re.a.1}", "(", "[a", "404", "present"],
  ...[" ", ",", "<<", "---", "\r\n", "KiB", "10s", "::1", "127.0.0.1", "private_ranges"],
];

test("nothing that is typed makes the parse throw, and all that is said is one line each", () => {
  const next = numbers(20_260_101);
  for (let round = 0; round < 5000; round++) {
    const words = Array.from({ length: next(5) }, () =>
      Array.from({ length: 1 + next(4) }, () => PIECES[next(PIECES.length)] ?? "").join(""),
    );
    const { problems } = parseArgv(words);
    const lines = renderProblems(problems, { pretty: false, colour: false }).split("\n");
    expect(lines).toHaveLength(problems.length + 1);
  }
});

test("nothing in a file makes the reader throw, and every problem is at a place in it", () => {
  const next = numbers(20_260_102);
  for (let round = 0; round < 5000; round++) {
    const text = Array.from({ length: next(16) }, () => PIECES[next(PIECES.length)] ?? "").join("");
    const source = new SourceText("f", text);
    const { document, broken, problems } = readYaml(source, { HOME: "/root" });
    const all = [...problems, ...decode(document, broken).problems];
    renderProblems(all, { pretty: true, colour: true });
    for (const { place } of all) {
      if (place.type !== "file" || place.at === undefined) throw new Error(`a problem without a place in ${text}`);
      expect(place.at.line).toBeLessThanOrEqual(text.split("\n").length);
      expect(place.at.column - 1).toBeLessThanOrEqual(place.at.excerpt.length);
    }
  }
});
