import { describe, expect, test } from "bun:test";
import { Glob } from "bun";
import { join } from "node:path";
import type { CaddyfileInput } from "../../../../src/config/caddyfile/input.ts";
import { readCaddyfile } from "../../../../src/config/caddyfile/read.ts";
import type { DocNode } from "../../../../src/config/document.ts";
import { printYaml } from "../../../../src/config/print-yaml.ts";
import { SourceText } from "../../../../src/config/source-text.ts";
import { accept, refuse } from "../../../../src/core/parsed.ts";
import { parseCase } from "../../../golden/caddyfile/case.ts";

const GOLDEN = join(import.meta.dir, "../../../golden/caddyfile");
const NOTHING: CaddyfileInput = {
  readFile: () => refuse("there is no such file"),
  glob: () => [],
  env: () => undefined,
};

const texts = await Promise.all(
  [...new Glob("*/*.golden").scanSync(GOLDEN)].sort().map(async (file) => {
    return parseCase(await Bun.file(join(GOLDEN, file)).text()).caddyfile;
  }),
);

/** A generator with a seed, so that a failure can be looked at again. */
function* numbers(seed: number): Generator<number, never> {
  let state = seed;
  for (;;) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    yield state >>> 8;
  }
}

function spansOf(node: DocNode): readonly DocNode["span"][] {
  if (node.type === "list") return [node.span, ...node.items.flatMap(spansOf)];
  if (node.type !== "map") return [node.span];
  return [node.span, ...node.entries.flatMap(({ keySpan, value }) => [keySpan, ...spansOf(value)])];
}

describe("reading a Caddyfile", () => {
  test("whatever stands in it, it is read or refused with places, and never throws", () => {
    const random = numbers(1);
    const next = (below: number): number => random.next().value % below;
    const words = ["{", "}", '"', "`", "\\", "\n", "<<X\n", "{$A}", "import", "@m", "*", "/", "not", "{args[0]}", ","];
    for (let round = 0; round < 3000; round++) {
      let text = texts[next(texts.length)] ?? "";
      for (let i = 0; i <= next(4); i++) {
        const at = next(text.length + 1);
        text = `${text.slice(0, at)}${words[next(words.length)]}${text.slice(at + next(4))}`;
      }
      const { document, problems } = readCaddyfile(new SourceText("Caddyfile", text), NOTHING);
      const isRefused = problems.some(({ severity }) => severity === "error");
      expect({ text, isRefused }).toEqual({ text, isRefused: document === undefined });
      for (const { place } of problems) expect(place).toMatchObject({ type: "file", at: { line: expect.any(Number) } });
      if (document === undefined) continue;
      expect(() => printYaml(document)).not.toThrow();
      const isInside = spansOf(document).every(({ start, end }) => start >= 0 && start <= end && end <= text.length);
      expect({ text, isInside }).toEqual({ text, isInside: true });
    }
  });

  test("files that are imported are told, those of a pattern and those of others too", () => {
    const files = new Map([
      ["/etc/caddy/sites/a.caddy", "import ../deep/b.caddy\n"],
      ["/etc/caddy/deep/b.caddy", ":80 {\n\trespond ok\n}\n"],
    ]);
    const { files: read, problems } = readCaddyfile(new SourceText("/etc/caddy/Caddyfile", "import sites/*.caddy\n"), {
      ...NOTHING,
      readFile: (path) => {
        const text = files.get(path);
        return text === undefined ? refuse("there is no such file") : accept(text);
      },
      glob: (pattern) => (pattern === "/etc/caddy/sites/*.caddy" ? ["/etc/caddy/sites/a.caddy"] : []),
    });
    expect(problems).toEqual([]);
    expect(read).toEqual([...files.keys()]);
  });

  test("a value of an import's argument stands where the argument is written", () => {
    const text = "(s) {\n\trespond {args[0]} {args[1]}\n}\n:80 {\n\timport s hello 201\n}\n";
    const { document } = readCaddyfile(new SourceText("Caddyfile", text), NOTHING);
    const written = document === undefined ? [] : spansOf(document).map(({ start, end }) => text.slice(start, end));
    expect(written).toContain("hello");
    expect(written).toContain("201");
  });
});
