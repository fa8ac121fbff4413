import { describe, expect, test } from "bun:test";
import { parse } from "yaml";
import type { DocNode, DocScalar } from "../../../src/config/document.ts";
import { printYaml } from "../../../src/config/print-yaml.ts";
import { SourceText } from "../../../src/config/source-text.ts";

const span = { source: new SourceText("f", ""), start: 0, end: 0 };

function scalar(type: DocScalar["type"], text: string): DocScalar {
  return { type, text, span };
}

function printed(value: DocNode): string {
  return printYaml({ type: "map", entries: [{ key: "a", keySpan: span, value }], span });
}

describe("a document as YAML", () => {
  test.each([
    ["5", 'a: "5"\n'],
    ["0x10", 'a: "0x10"\n'],
    ["1e3", 'a: "1e3"\n'],
    ["true", 'a: "true"\n'],
    ["no", 'a: "no"\n'],
    ["null", 'a: "null"\n'],
    ["~", 'a: "~"\n'],
    ["", 'a: ""\n'],
    ["a: b", 'a: "a: b"\n'],
    ["*x", 'a: "*x"\n'],
    ["@x", 'a: "@x"\n'],
    ["{host}", 'a: "{host}"\n'],
    ["/x/{uri}", "a: /x/{uri}\n"],
    ["${NAME}", "a: $${NAME}\n"],
    ["$NAME", "a: $NAME\n"],
    ["one\ntwo", "a: |-\n  one\n  two\n"],
  ])("quotes the text %j where it has to", (text, yaml) => {
    expect(printed(scalar("text", text))).toBe(yaml);
    expect(parse(yaml)).toEqual({ a: text.replaceAll("${", () => "$${") });
  });

  test("a long text stays in one line", () => {
    const text = `${"word ".repeat(60)}end`;
    expect(printed(scalar("text", text))).toBe(`a: ${text}\n`);
  });

  test.each([
    ["word", "5", "a: 5\n"],
    ["word", "true", "a: true\n"],
    ["word", "10s", "a: 10s\n"],
    ["word", ":443", "a: :443\n"],
    ["word", "[::1]:80", 'a: "[::1]:80"\n'],
    ["word", "007", 'a: "007"\n'],
    ["word", "null", 'a: "null"\n'],
    ["number", "1.5", "a: 1.5\n"],
    ["boolean", "false", "a: false\n"],
    ["null", "", "a: null\n"],
  ] as const)("a %s %j stands plain where it can", (type, text, yaml) => {
    expect(printed(scalar(type, text))).toBe(yaml);
  });

  test("short lists of plain values stand in one line, others do not", () => {
    const short = { type: "list", items: [scalar("text", "a"), scalar("word", ":80")], span } as const;
    const long = { type: "list", items: Array.from({ length: 20 }, () => scalar("text", "long-word")), span } as const;
    const nested = { type: "list", items: [short], span } as const;
    expect(printed(short)).toBe("a: [a, :80]\n");
    expect(printed(long).split("\n")).toHaveLength(22);
    expect(printed(nested)).toBe("a:\n  - [a, :80]\n");
    expect(parse(printed(short))).toEqual({ a: ["a", ":80"] });
  });
});
