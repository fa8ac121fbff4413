import { describe, expect, test } from "bun:test";
import { Glob } from "bun";
import { join } from "node:path";
import { parse } from "yaml";
import { renderProblems } from "../../../src/cli/report.ts";
import { readCaddyfile } from "../../../src/config/caddyfile/read.ts";
import { decode } from "../../../src/config/decode.ts";
import type { DocNode } from "../../../src/config/document.ts";
import { printYaml } from "../../../src/config/print-yaml.ts";
import { SourceText } from "../../../src/config/source-text.ts";
import { accept, refuse } from "../../../src/core/parsed.ts";
import { parseCase, renderCase, type CaddyfileCase } from "./case.ts";

const FOLDER = import.meta.dir;
const UPDATE = process.env["UPDATE_GOLDEN"] === "1";
const files = [...new Glob("*/*.golden").scanSync(FOLDER)].sort();

/** Reads the Caddyfile of a case with the files and the environment that it says. */
function read({ caddyfile, files: imported, env }: CaddyfileCase): ReturnType<typeof readCaddyfile> {
  return readCaddyfile(new SourceText("Caddyfile", caddyfile), {
    readFile(path) {
      const text = imported.get(path);
      return text === undefined ? refuse("there is no such file") : accept(text);
    },
    glob: (pattern) => [...imported.keys()].filter((path) => new Glob(pattern).match(path)).sort(),
    env: (name) => env.get(name),
  });
}

/** A node as a reader of YAML has it: words and texts are not told apart. */
function plain(node: DocNode): unknown {
  if (node.type === "list") return node.items.map(plain);
  if (node.type === "map") return Object.fromEntries(node.entries.map(({ key, value }) => [key, plain(value)]));
  return node.text;
}

/** What YAML reads, with every plain value as its text. */
function texts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(texts);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, texts(inner)]));
  }
  return String(value).replaceAll("$${", () => "${");
}

describe("golden Caddyfiles", () => {
  for (const file of files) {
    test(file.replace(/\.golden$/, ""), async () => {
      const path = join(FOLDER, file);
      const text = await Bun.file(path).text();
      const wanted = parseCase(text);
      const { document, problems } = read(wanted);
      const yaml = document === undefined ? undefined : printYaml(document);
      const said = renderProblems(problems, { pretty: false, colour: false });
      const seen = renderCase({ ...wanted, yaml, said });
      if (UPDATE) await Bun.write(path, seen);
      else expect(seen).toBe(text);
      expect(document === undefined).toBe(file.startsWith("refuses/"));
      if (document === undefined || yaml === undefined) return;
      expect(texts(parse(yaml))).toEqual(plain(document));
      expect(renderProblems(decode(document, undefined).problems, { pretty: false, colour: false })).toBe("");
    });
  }

  test("each place is that of the words that were seen", async () => {
    for (const file of files) {
      const { problems } = read(parseCase(await Bun.file(join(FOLDER, file)).text()));
      for (const { place, seen } of problems) {
        if (place.type !== "file" || place.at === undefined || seen === undefined) continue;
        const { excerpt, column, length } = place.at;
        const marked = excerpt.slice(column - 1, column - 1 + length);
        const isFilled = /[{"`\\]|^<</.test(marked) || seen.startsWith("(");
        if (!isFilled) expect({ file, marked }).toEqual({ file, marked: seen });
      }
    }
  });

  test("there are enough of them", () => {
    expect(files.filter((file) => file.startsWith("reads/")).length).toBeGreaterThanOrEqual(40);
    expect(files.filter((file) => file.startsWith("refuses/")).length).toBeGreaterThanOrEqual(30);
  });
});
