import { describe, expect, test } from "bun:test";
import { join, posix, resolve } from "node:path";

const SRC = resolve(import.meta.dir, "../../src");
const MOST_LINES = 300;

/** From the top down: a room may import the rooms of any row below its own, and nothing beside or above it. */
const ROWS = [["cli"], ["process"], ["server"], ["proxy"], ["routing", "upstream"], ["config"], ["core"]];
/** Imports core alone, and may be imported by every row above this one. */
const OBSERVE = { room: "observe", below: "config" };
/** What a browser runs, and what hands it out: imports these alone, and is for the server. */
const PAGE = { room: "page", imports: ["core", "observe"], above: "server" };

const RULE =
  `the rule is ${ROWS.map((row) => row.join(" | ")).join(" → ")}, downwards only; ` +
  `${OBSERVE.room} imports core alone and is for what is above ${OBSERVE.below}; ` +
  `${PAGE.room} imports ${PAGE.imports.join(" and ")} and is for ${PAGE.above}; main.ts imports all`;

interface Source {
  /** Below src, with `/`. */
  readonly path: string;
  readonly text: string;
}

function rowOf(room: string): number {
  return ROWS.findIndex((row) => row.includes(room));
}

function mayImport(from: string, to: string): boolean {
  if (from === to || from === "main.ts") return true;
  if (from === OBSERVE.room) return to === "core";
  if (from === PAGE.room) return PAGE.imports.includes(to);
  if (to === PAGE.room) return from === PAGE.above;
  if (to === OBSERVE.room) return rowOf(from) >= 0 && rowOf(from) < rowOf(OBSERVE.below);
  return rowOf(from) >= 0 && rowOf(to) > rowOf(from);
}

/** The text without comments, lines kept. A `//` counts at the start of a line or after a space: not in a URL. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, "")).replace(/(^|\s)\/\/.*$/gm, "$1");
}

/** What a file imports, types too: a type that points upwards ties the rooms together just as well. */
function importsOf(text: string): readonly string[] {
  const pattern =
    /(?:^|[;\s}])(?:import|export)\b[^"'`;]*?\bfrom\s*["']([^"']+)["']|\bimport\s*\(?\s*["']([^"']+)["']/g;
  return [...withoutComments(text).matchAll(pattern)].map(([, from, direct]) => from ?? direct ?? "");
}

function layoutFaults(sources: readonly Source[]): readonly string[] {
  const faults: string[] = [];
  for (const { path, text } of sources) {
    const room = path.split("/")[0] ?? "";
    if (room !== "main.ts" && room !== OBSERVE.room && room !== PAGE.room && rowOf(room) < 0) {
      faults.push(`src/${path} lies in no room: ${RULE}`);
      continue;
    }
    for (const specifier of importsOf(text)) {
      if (!specifier.startsWith(".")) continue;
      const target = posix.normalize(posix.join(posix.dirname(path), specifier));
      if (target === "../package.json") continue;
      const to = target.split("/")[0] ?? "";
      if (!mayImport(room, to)) faults.push(`src/${path} imports "${specifier}": ${RULE}`);
    }
  }
  return faults;
}

/** Uses of `any` as a type with no comment on the line or the line before that says why. */
function unexplainedAny({ path, text }: Source): readonly string[] {
  const code = withoutComments(text).split("\n");
  const lines = text.split("\n");
  return code.flatMap((line, at) => {
    if (!/(?:[:<|&,(=]|\bas|\bextends|\bkeyof)\s*any\b(?!["'\w(:-])/.test(line)) return [];
    const explained = [lines[at], lines[at - 1]].some((near) => /(?:^|\s)(?:\/\/|\*|\/\*)/.test(near ?? ""));
    return explained ? [] : [`src/${path}:${at + 1} uses any without saying why`];
  });
}

async function sources(): Promise<readonly Source[]> {
  const found: Source[] = [];
  for await (const path of new Bun.Glob("**/*.ts").scan(SRC)) {
    found.push({ path: path.replaceAll("\\", "/"), text: await Bun.file(join(SRC, path)).text() });
  }
  return found;
}

describe("the layout of src", () => {
  test("imports run downwards only", async () => {
    expect(layoutFaults(await sources())).toEqual([]);
  });

  test(`no file is longer than ${MOST_LINES} lines`, async () => {
    const long = (await sources()).filter(({ text }) => text.trimEnd().split("\n").length > MOST_LINES);
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  test("every any says why", async () => {
    expect((await sources()).flatMap(unexplainedAny)).toEqual([]);
  });
});

describe("the layout test itself", () => {
  const faultsOf = (path: string, text: string): readonly string[] => layoutFaults([{ path, text }]);

  test("names the file, the import and the rule", () => {
    const [fault] = faultsOf("upstream/a.ts", 'import { serve } from "../server/listener.ts";\n');
    expect(fault).toContain("src/upstream/a.ts");
    expect(fault).toContain('"../server/listener.ts"');
    expect(fault).toContain("downwards only");
  });

  test.each([
    ["config/a.ts", 'import type { Peer } from "../upstream/peer.ts";', "a type that points upwards"],
    ["routing/a.ts", 'import { Peer } from "../upstream/peer.ts";', "a neighbour"],
    ["observe/a.ts", 'import type { Config } from "../config/model.ts";', "observe with more than core"],
    ["config/a.ts", 'import { createLog } from "../observe/log.ts";', "observe from below"],
    ["page/browser/a.ts", 'import { x } from "../../server/a.ts";', "page with the server"],
    ["proxy/a.ts", 'import { pageAnswer } from "../page/page.ts";', "the page from below the server"],
    ["proxy/a.ts", 'const x = await import("../cli/run.ts");', "a dynamic import"],
    ["proxy/a.ts", 'import "../cli/run.ts";', "an import for its effects"],
    ["proxy/a.ts", 'export * from "../process/worker.ts";', "a re-export"],
    ["proxy/a.ts", 'import {\n  a,\n  b,\n} from "../server/a.ts";', "an import over several lines"],
    ["core/a.ts", 'import { helper } from "../../test/helpers/a.ts";', "what is outside of src"],
    ["proxy/deep/a.ts", 'import { x } from "../../main.ts";', "main"],
    ["extras/a.ts", "", "a room that is not drawn"],
  ])("refuses in %s: %s (%s)", (path, text) => {
    expect(faultsOf(path, text)).toHaveLength(1);
  });

  test.each([
    ["cli/a.ts", 'import { x } from "../core/errors.ts";'],
    ["proxy/deep/a.ts", 'import { x } from "../phases.ts";\nimport { y } from "../../upstream/peer.ts";'],
    ["routing/a.ts", 'import { createLog } from "../observe/log.ts";'],
    ["page/browser/a.ts", 'import type { Tick } from "../../observe/live.ts";'],
    ["server/admin/a.ts", 'import { pageAnswer } from "../../page/page.ts";'],
    ["main.ts", 'import { x } from "./cli/run.ts";\nimport pkg from "../package.json";'],
    ["core/a.ts", '// import { x } from "../cli/run.ts";\n/** import "../cli/run.ts" */'],
    ["core/a.ts", 'import { join } from "node:path";\nimport { parse } from "yaml";'],
  ])("lets pass in %s: %s", (path, text) => {
    expect(faultsOf(path, text)).toEqual([]);
  });

  test("finds an any and accepts one that is explained", () => {
    const faults = (text: string): readonly string[] => unexplainedAny({ path: "core/a.ts", text });
    expect(faults("const x: any = 1;")).toEqual(["src/core/a.ts:1 uses any without saying why"]);
    expect(faults("f(x as any);\nlet y: Map<string, any>;\nlet z: any[];")).toHaveLength(3);
    expect(faults("const x: any = 1; // Bun's own type says so")).toEqual([]);
    expect(faults("// Bun's own type says so\nconst x: any = 1;")).toEqual([]);
    expect(faults('const any = "any"; f(any.x, { any: 1 }); // any')).toEqual([]);
  });
});
