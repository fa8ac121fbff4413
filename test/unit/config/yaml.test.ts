import { describe, expect, test } from "bun:test";
import type { DocNode } from "../../../src/config/document.ts";
import { SourceText } from "../../../src/config/source-text.ts";
import { expandVariables } from "../../../src/config/variables.ts";
import { readYaml, type YamlReading } from "../../../src/config/yaml.ts";

function read(text: string, environment: Record<string, string> = {}): YamlReading {
  return readYaml(new SourceText("f", text), environment);
}

/** A tree with each plain value as `type:text`. */
function shown(node: DocNode | undefined): unknown {
  if (node === undefined) return undefined;
  if (node.type === "list") return node.items.map(shown);
  if (node.type === "map") return Object.fromEntries(node.entries.map(({ key, value }) => [key, shown(value)]));
  return `${node.type}:${node.text}`;
}

describe("readYaml", () => {
  test("keeps what a value is, and how a number is written", () => {
    const text = "a: 1.0\nb: '1'\nc: true\nd: ~\ne:\nf: [x, {g: 0x1F}]\nh: |\n  two\n  lines\n200: k\n";
    expect(shown(read(text).document)).toEqual({
      a: "number:1.0",
      b: "text:1",
      c: "boolean:true",
      d: "null:~",
      e: "null:",
      f: ["text:x", { g: "number:0x1F" }],
      h: "text:two\nlines\n",
      "200": "text:k",
    });
  });

  test("every node knows its place in the text", () => {
    const text = "a:\n  - b: 'c d'\n";
    const { document } = read(text);
    const list = document?.entries[0]?.value;
    const map = list?.type === "list" ? list.items[0] : undefined;
    const value = map?.type === "map" ? map.entries[0]?.value : undefined;
    expect(text.slice(value?.span.start, value?.span.end)).toBe("'c d'");
  });

  test("names the first of two equal keys, at any depth, and keeps it", () => {
    const { document, problems } = read("a:\n  b: 1\n  c:\n    - d: 1\n      d: 2\n  b: 2\n");
    expect(problems.map(({ message, place }) => [message, place.type === "file" && place.at?.key])).toEqual([
      ["the key is there twice, first in line 4", "a.c[0].d"],
      ["the key is there twice, first in line 2", "a.b"],
    ]);
    expect(shown(document)).toEqual({ a: { b: "number:1", c: [{ d: "number:1" }] } });
  });

  test.each(["a: &x 1\n", "a: *x\n", "a: !t 1\n", "<<: { a: 1 }\n", "a:\n  <<: *x\n", "&x a: 1\n", "*x : 1\n"])(
    "refuses %j",
    (text) => {
      expect(read(text).problems).toHaveLength(1);
    },
  );

  test.each(["[", "{a: ", "- "])("survives %j twenty thousand times", (part) => {
    const { problems } = read(`a: ${part.repeat(20_000)}`);
    expect(problems).toHaveLength(1);
  });

  test("a value that lacks its variable is there, and nothing more is said of it", () => {
    const { document, broken, problems } = read("a: ${NONE}\n");
    expect(problems).toHaveLength(1);
    expect(document?.entries.map(({ value }) => broken.has(value))).toEqual([true]);
  });

  test("a variable without quotes may be anything, and in quotes it is text", () => {
    const environment = { N: "7", EVIL: 'x"\nbind: :1' };
    expect(shown(read('a: ${N}\nb: "${N}"\nc: ${EVIL}\nd: x${N}\n', environment).document)).toEqual({
      a: "word:7",
      b: "text:7",
      c: 'word:x"\nbind: :1',
      d: "word:x7",
    });
  });
});

describe("expandVariables", () => {
  const ENVIRONMENT = { A: "1", EMPTY: "", NESTED: "${A}" };

  test.each([
    ["${A}", "1"],
    ["x${A}y${A}", "x1y1"],
    ["${NONE:-d}", "d"],
    ["${NONE:-}", ""],
    ["${EMPTY:-d}", "d"],
    ["${EMPTY}", ""],
    ["$${A}", "${A}"],
    ["$$${A}", "$${A}"],
    ["${NESTED}", "${A}"],
    ["$A {A} $", "$A {A} $"],
    ["$2a$14$x", "$2a$14$x"],
  ])("%s is %s", (text, expanded) => {
    expect(expandVariables(text, ENVIRONMENT)).toMatchObject({ text: expanded, faults: [] });
  });

  test.each(["${NONE}", "${}", "${a-b}", "${A", "${1}", "${A:=b}"])("%s is refused", (text) => {
    const { faults } = expandVariables(text, ENVIRONMENT);
    expect(faults).toHaveLength(1);
  });
});
