import { describe, expect, test } from "bun:test";
import { stringify } from "yaml";
import { parseArgv } from "../../../src/cli/argv.ts";
import { renderProblems } from "../../../src/cli/report.ts";
import { loadInvocation } from "../../../src/cli/run.ts";
import { decode } from "../../../src/config/decode.ts";
import type { DocNode } from "../../../src/config/document.ts";
import { jsonSchema } from "../../../src/config/json-schema.ts";
import { referenceText } from "../../../src/config/reference.ts";
import type { Schema, Shape } from "../../../src/config/schema/schema.ts";
import { Decoding, topSite } from "../../../src/config/schema/site.ts";
import { SourceText } from "../../../src/config/source-text.ts";
import { readYaml } from "../../../src/config/yaml.ts";
import { temporaryFolder } from "../../helpers/binary.ts";
import { violations } from "./json-schema-check.ts";
import { allObjects, examplesOf, minimal } from "./schema-walk.ts";

const OBJECTS = allObjects();

/** A value as the YAML reader sees it once it is printed. */
function documentOf(value: unknown): DocNode {
  const { document, problems } = readYaml(new SourceText("f", stringify(value)), {});
  if (document === undefined || problems.length > 0) throw new Error(`no document: ${stringify(value)}`);
  return document;
}

function problemsOf(schema: Schema<unknown>, value: unknown): readonly string[] {
  const decoding = new Decoding();
  schema.read(documentOf(value), topSite(decoding));
  return decoding.problems.map((each) => each.message);
}

describe("the schema of a configuration file", () => {
  test("knows every object of the vocabulary", () => {
    const names = OBJECTS.map(([, { name }]) => name);
    for (const name of ["file", "listener", "certificate", "route", "matcher", "encode", "redirect", "respond"]) {
      expect(names).toContain(name);
    }
    expect(new Set(names).size).toBe(names.length);
  });

  for (const [schema, shape] of OBJECTS) {
    const keys = Object.keys(shape.fields);

    test.each(keys)(`${shape.name}: %s has a doc, and a default or says that there is none`, (key) => {
      const { doc, absent, schema: own } = shape.fields[key] ?? {};
      expect(doc).toMatch(/^[a-zA-Z`][^\n]{5,180}[^.\s]$/);
      expect(absent).toBeDefined();
      if (absent === undefined || absent === "required" || own === undefined) return;
      if ("words" in absent) expect(absent.words).not.toBe("");
      // A default is what could as well have been written.
      else
        expect(problemsOf(schema, { ...minimal(shape, key), [key]: valueOf(own.shape, absent.default) })).toEqual([]);
    });

    // The file of a secret would have to be there.
    test.skipIf(shape.name === "secret").each(keys)(`${shape.name}: %s takes its examples`, (key) => {
      const { schema: own, example } = shape.fields[key] ?? {};
      const examples = example === undefined ? examplesOf(own as Schema<unknown>) : [example];
      for (const value of examples.filter((each) => !JSON.stringify(each).includes('"file":'))) {
        const object = { ...minimal(shape, key), [key]: value };
        expect(problemsOf(schema, object)).toEqual([]);
        if (shape.name === "file") expect(violations(jsonSchema(), object)).toEqual([]);
        if (shape.name === "route") expect(violations(jsonSchema(), { routes: [object] })).toEqual([]);
        if (shape.name === "matcher") {
          expect(violations(jsonSchema(), { routes: [{ match: object, respond: 404 }] })).toEqual([]);
        }
      }
    });

    test(`${shape.name}: an unknown key is refused`, () => {
      expect(problemsOf(schema, { ...minimal(shape), "no such key": 1 })).toContain("this key is not known");
    });
  }
});

/** A default as YAML has it: a number is no text. */
function valueOf(shape: Shape, text: string): unknown {
  const isText = shape.type === "scalar" && shape.kind.yaml === "text";
  if (isText) return text;
  return text === "true" || text === "false" ? text === "true" : /^\d+$/.test(text) ? Number(text) : text;
}

describe("the JSON Schema", () => {
  const schema = jsonSchema();

  test("is of 2020-12, and every reference in it leads somewhere", () => {
    expect(schema["$schema"]).toBe("https://json-schema.org/draft/2020-12/schema");
    const names = Object.keys(schema["$defs"] as object);
    for (const [, name = ""] of JSON.stringify(schema).matchAll(/"#\/\$defs\/([^"]+)"/g)) expect(names).toContain(name);
  });

  test("describes every key", () => {
    for (const definition of Object.values(schema["$defs"] as Record<string, { properties: object }>)) {
      for (const property of Object.values(definition.properties)) {
        expect((property as { description?: string }).description).toMatch(/\S/);
      }
    }
  });

  test.each([
    [{ routes: [{ respond: 404 }] }, true],
    [{ threads: "${N}", routes: [{ respond: "${S}" }] }, true],
    [{ bind: [":1", ":2"], upstream: ":3", max_retries: 3, dial_timeout: "3s", grace_period_seconds: null }, true],
    [{ routes: [{ respnd: 404 }] }, false],
    [{ routes: [{ respond: 404, upstreams: ":3" }] }, false],
    [{ routes: [{ lb_policy: "first", respond: 404 }] }, false],
    [{ routes: [{ upstreams: ":3", lb_policy: "best" }] }, false],
    [{ routes: [{ match: {}, respond: 404 }] }, false],
    [{ routes: [{}] }, false],
    [{ routes: [], upstream: ":3" }, false],
    [{ listeners: [{}] }, false],
    [{ listeners: [{ address: ":1", tls: { cert: "a" } }] }, false],
    [{ dial_timeout: "soon" }, false],
    [{ max_retries: 0 }, false],
    [{ tls: "yes" }, false],
  ])("%j is right: %p", (value, isRight) => {
    expect(violations(schema, value).length === 0).toBe(isRight);
  });
});

test("the reference names every key of every object, and every heading that it links to", () => {
  const text = referenceText();
  for (const [, { fields }] of OBJECTS) for (const key of Object.keys(fields)) expect(text).toContain(`| \`${key}\` |`);
  const headings = [...text.matchAll(/^## (.+)$/gm)].map(([, name = ""]) => name.toLowerCase().replaceAll(" ", "-"));
  for (const [, anchor = ""] of text.matchAll(/\]\(#([^)]+)\)/g)) expect(headings).toContain(anchor);
  for (const row of text.split("\n").filter((line) => line.startsWith("|"))) {
    expect(row.replaceAll("\\|", "").match(/\|/g)).toHaveLength(5);
  }
});

describe("whatever a person writes", () => {
  /** The same numbers in each run: xorshift32. */
  let state = 20_260_103;
  const next = (below: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  const pick = <T>(list: readonly T[]): T => list[next(list.length)] as T;
  const WORDS = [
    "",
    "a",
    "/a/*",
    "*",
    "[",
    "(",
    "{host}",
    "${X}",
    "$${",
    "404",
    0,
    -1,
    1.5,
    true,
    null,
    "\n",
    "€",
    ":3000",
  ];
  const NAMES = OBJECTS.flatMap(([, { fields }]) => Object.keys(fields));

  /** A value of a schema, which one time in eight is another one. */
  const valueFor = (schema: Schema<unknown>, depth: number): unknown => {
    const { shape } = schema;
    if (depth > 7 || next(8) === 0) {
      const others = [
        () => pick(WORDS),
        () => [pick(WORDS)],
        () => ({ [pick(NAMES)]: pick(WORDS) }),
        () => [],
        () => ({}),
      ];
      return pick(others)();
    }
    if (shape.type === "scalar") return next(3) === 0 ? pick(WORDS) : shape.kind.example;
    if (shape.type === "lazy") return valueFor(shape.target(), depth + 1);
    if (shape.type === "forms") return valueFor(pick(shape.forms), depth);
    if (shape.type === "map")
      return { [next(4) === 0 ? String(pick(WORDS)) : shape.key.example]: valueFor(shape.value, depth + 1) };
    if (shape.type !== "object") return Array.from({ length: next(3) }, () => valueFor(shape.item, depth + 1));
    const keys = Array.from({ length: 1 + next(4) }, () => pick(Object.keys(shape.fields)));
    if (next(6) === 0) keys.push(pick(NAMES));
    return Object.fromEntries(
      keys.map((key) => [
        key,
        valueFor(
          shape.fields[key]?.schema ?? ({ shape: { type: "lazy", target: () => schema } } as Schema<unknown>),
          depth + 1,
        ),
      ]),
    );
  };

  test("decoding never throws, and every problem has its place and its key", () => {
    const [[file]] = OBJECTS as unknown as [[Schema<unknown>]];
    for (let round = 0; round < 3000; round++) {
      const text = stringify(valueFor(file, 0)) ?? "";
      const { document, broken, problems } = readYaml(new SourceText("f", text), {});
      const all = [...problems, ...decode(document, broken).problems];
      renderProblems(all, { pretty: true, colour: true });
      for (const { place, message } of all) {
        expect(message).not.toMatch(/\.$|undefined|\[object/);
        if (place.type !== "file" || place.at === undefined) throw new Error(`a problem without a place in ${text}`);
      }
    }
  });

  test("loading never throws", async () => {
    using folder = temporaryFolder();
    const path = `${folder.path}/conf.yaml`;
    const [[file]] = OBJECTS as unknown as [[Schema<unknown>]];
    for (let round = 0; round < 300; round++) {
      await Bun.write(path, stringify(valueFor(file, 0)) ?? "");
      const { config, problems } = await loadInvocation(parseArgv(["-c", path]), undefined);
      expect(config === undefined).toBe(problems.some((each) => each.severity === "error"));
    }
  });
});
