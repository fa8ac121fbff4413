import { describe, expect, test } from "bun:test";
import { Glob } from "bun";
import { join } from "node:path";
import { looksLikeCaddyfile } from "../../../../src/config/caddyfile/looks.ts";
import { parseCase } from "../../../golden/caddyfile/case.ts";

const GOLDEN = join(import.meta.dir, "../../../golden");

describe("a Caddyfile is known", () => {
  test.each(["Caddyfile", "/etc/caddy/Caddyfile", "Caddyfile.prod", "site.caddyfile", "site.caddy", "caddyfile"])(
    "by its name: %s",
    (name) => {
      expect(looksLikeCaddyfile(name, "")).toBe(true);
    },
  );

  test.each(["conf.yaml", "conf.yml", "caddy.json", "Caddyfile.yaml"])("not where it is called %s", (name) => {
    expect(looksLikeCaddyfile(name, ":80 {\n\trespond ok\n}\n")).toBe(false);
  });

  test.each([
    ["a site", "# c\nexample.com {\n\treverse_proxy :3000\n}\n"],
    ["global options", "{\n\tadmin off\n}\n:80 {\n}\n"],
    ["a snippet", "(a) {\n\trespond ok\n}\n"],
    ["a port alone", ":8008\n@ws {\n  path /up\n}\nreverse_proxy @ws :3000\n"],
    ["no braces", "localhost:8080\n\nreverse_proxy 127.0.0.1:3000\n"],
    ["a URL", "http://example.com\nrespond hi\n"],
  ])("by its look: %s", (_, text) => {
    expect(looksLikeCaddyfile("config", text)).toBe(true);
  });

  test.each([
    ["a mapping", "version: 1\nthreads: 2\n"],
    ["a mapping with a flow map", "listeners:\n  - { address: :80 }\nroutes: {\n}\n"],
    ["flow maps over lines", "tls: {\n  cert: a\n}\n"],
    ["a list", "- a\n- b\n"],
    ["a document", "---\nversion: 1\n"],
    ["JSON", '{\n  "version": 1\n}\n'.replace("{\n", "{ ")],
    ["nothing", ""],
    ["a word", "hello\n"],
    ["a route that says respond", "routes:\n  - respond: 200\n"],
  ])("not by the look of %s", (_, text) => {
    expect(looksLikeCaddyfile("config", text)).toBe(false);
  });

  test("every golden Caddyfile that is right looks like one, and no conf.yaml does", async () => {
    for (const file of new Glob("caddyfile/reads/*.golden").scanSync(GOLDEN)) {
      const { caddyfile } = parseCase(await Bun.file(join(GOLDEN, file)).text());
      // An address alone could be anything, and a variable as well.
      if (/^:8080\n$|^\{\$/.test(caddyfile)) continue;
      expect({ file, looks: looksLikeCaddyfile("config", caddyfile) }).toEqual({ file, looks: true });
    }
    for (const file of new Glob("{conf,warnings}/*.case").scanSync(GOLDEN)) {
      if (file.endsWith("/caddyfile.case")) continue;
      const yaml = (await Bun.file(join(GOLDEN, file)).text()).split("=== conf.yaml\n")[1]?.split("\n=== ")[0] ?? "";
      expect({ file, looks: looksLikeCaddyfile("config", yaml) }).toEqual({ file, looks: false });
    }
  });
});
