import { describe, expect, test } from "bun:test";
import { Glob } from "bun";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { adaptFile } from "../../../src/config/adapt.ts";
import { Settings } from "../../../src/config/given.ts";
import { loadConfig, type Loaded } from "../../../src/config/load.ts";
import { hasErrors } from "../../../src/config/problem.ts";
import type { ConfFile } from "../../../src/config/read-conf.ts";
import { parseCase } from "./case.ts";

const FOLDER = import.meta.dir;
const CERTIFICATE = join(FOLDER, "../tls/site.pem");
const KEY = join(FOLDER, "../tls/site.key");
const files = [...new Glob("reads/*.golden").scanSync(FOLDER)].sort();

/** Certificates that are there, in place of those that a case only names. */
function withFiles(text: string): string {
  return text
    .replaceAll(/^(\s*tls) \S+ \S+$/gm, `$1 ${CERTIFICATE} ${KEY}`)
    .replaceAll(/(?<=\s)\S+\.(?:pem|crt)(?=\s)/g, CERTIFICATE)
    .replaceAll(/(?<=\s)\S+\.key(?=\s)/g, KEY);
}

/** What this says is right in itself, and refused at a start: a proxy before itself. */
const REFUSED: ReadonlySet<string> = new Set(["reads/reverse-proxy-upstreams.golden"]);

/** Warnings are about the language that something is said in. */
function errors({ problems }: Loaded): readonly string[] {
  return problems.filter(({ severity }) => severity === "error").map(({ message }) => message);
}

describe("the YAML that a Caddyfile means comes to the same model", () => {
  for (const file of files) {
    test(file.replace(/\.golden$/, ""), async () => {
      const { caddyfile, files: imported, env } = parseCase(await Bun.file(join(FOLDER, file)).text());
      const dir = mkdtempSync(join(tmpdir(), "gatekeeper-adapt-"));
      const environment = Object.fromEntries(env);
      const load = (conf: ConfFile) => loadConfig({ flags: new Settings(), conf, logVariable: undefined, environment });
      const here = process.cwd();
      try {
        // Imports are named from the folder of the file that they stand in.
        process.chdir(dir);
        for (const [path, text] of imported) await Bun.write(join(dir, path), withFiles(text));
        const original: ConfFile = { path: join(dir, "Caddyfile"), place: { type: "flag", name: "-c" } };
        const adapted: ConfFile = { ...original, path: join(dir, "gatekeeper.yaml") };
        await Bun.write(original.path, withFiles(caddyfile));
        const { yaml, problems } = await adaptFile(original, environment);
        expect(problems.filter(({ severity }) => severity === "error")).toEqual([]);
        await Bun.write(adapted.path, yaml ?? "");
        const [before, after] = [await load(original), await load(adapted)];
        expect(hasErrors(before.problems)).toBe(REFUSED.has(file));
        expect(errors(after)).toEqual(errors(before));
        expect(after.listeners).toEqual(before.listeners);
        expect(after.config).toEqual(before.config);
        expect(after.log).toEqual(before.log);
      } finally {
        process.chdir(here);
        rmSync(dir, { recursive: true });
      }
    });
  }
});
