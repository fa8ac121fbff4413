import { describe, expect, test } from "bun:test";
import { Glob } from "bun";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgv } from "../../src/cli/argv.ts";
import { renderProblems } from "../../src/cli/report.ts";
import { loadInvocation } from "../../src/cli/run.ts";
import { hasErrors } from "../../src/config/problem.ts";
import { parseCase, renderCase, type GoldenCase } from "./case.ts";

const FOLDER = import.meta.dir;
const UPDATE = process.env["UPDATE_GOLDEN"] === "1";
const files = [...new Glob("*/*.case").scanSync(FOLDER)].sort();

describe("golden", () => {
  for (const file of files) {
    test(file.replace(/\.case$/, ""), async () => {
      const path = join(FOLDER, file);
      const text = await Bun.file(path).text();
      const wanted = parseCase(text);
      const seen = renderCase({ ...wanted, ...(await resultOf(wanted)) });
      if (UPDATE) await Bun.write(path, seen);
      else expect(seen).toBe(text);
      // A case of a folder of errors that starts after all says nothing.
      expect(parseCase(seen).result).toBe(file.startsWith("warnings/") ? "starts" : "refused");
    });
  }

  test("there are enough of them", () => {
    expect(files.length).toBeGreaterThan(80);
  });
});

/**
 * Drives the real parse and load within a folder that has `$TLS` under just this name, so that places and excerpts are
 * the same wherever this clone lies; the folder's own name is taken out of what is said.
 */
async function resultOf(input: GoldenCase): Promise<Pick<GoldenCase, "result" | "plain" | "pretty">> {
  const dir = mkdtempSync(join(tmpdir(), "gatekeeper-golden-"));
  const before = process.cwd();
  try {
    symlinkSync(join(FOLDER, "tls"), join(dir, "$TLS"));
    process.chdir(dir);
    const conf = join(dir, "conf.yaml");
    if (input.conf !== undefined) await Bun.write(conf, input.conf);
    const words = input.args.map((word) => word.replace("$CONF", conf).replace("$DIR", dir));
    const fileWords = input.conf !== undefined && !words.some((word) => word.includes(conf)) ? ["-c", conf] : [];
    const invocation = parseArgv([...words, ...fileWords]);
    const isDemo = invocation.command === "demo";
    const { problems } = isDemo ? invocation : await loadInvocation(invocation, input.log);
    const strip = (text: string): string => text.replaceAll(`${dir}/`, "").replaceAll(dir, "$DIR");
    return {
      result: hasErrors(problems) ? "refused" : "starts",
      plain: strip(renderProblems(problems, { pretty: false, colour: false })),
      pretty: strip(renderProblems(problems, { pretty: true, colour: false })),
    };
  } finally {
    process.chdir(before);
    rmSync(dir, { recursive: true });
  }
}
