import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { ROOT } from "../../scripts/compile.ts";
import { flagsTable, tableIn, unpadded } from "../../scripts/flags-table.ts";

const README = await Bun.file(join(ROOT, "README.md")).text();

describe("the README", () => {
  test("lists the flags the command line has (mended by: bun run scripts/flags-table.ts)", () => {
    expect(unpadded(tableIn(README) ?? "")).toBe(unpadded(flagsTable()));
  });

  test("names no script that package.json does not have", () => {
    const named = [...README.matchAll(/(?:npm|bun) run ([\w:-]+)(?![\w./-])/g)].map(([, name]) => name ?? "");
    expect(named).toContain("demo");
    expect(named.filter((name) => !Object.hasOwn(manifest.scripts, name))).toEqual([]);
  });

  test("links to files that exist", async () => {
    const links = [...README.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => link ?? "");
    const there = await Promise.all(links.map((link) => Bun.file(join(ROOT, link)).exists()));
    expect(links.filter((_, at) => !there[at])).toEqual([]);
  });
});
