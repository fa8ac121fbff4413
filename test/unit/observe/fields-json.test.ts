import { expect, test } from "bun:test";
import { FieldsJson } from "../../../src/observe/fields-json.ts";
import { Redaction } from "../../../src/observe/redaction.ts";
import { seeded } from "../../helpers/selection.ts";

const redaction = new Redaction({ showsCredentials: false, headers: ["x-key"], query: ["t"] });
const NAMES = [
  "accept",
  "user-agent",
  "x-a",
  "x-b",
  "x-key",
  "cookie",
  "set-cookie",
  "referer",
  "__proto__",
  "1",
] as const;
const VALUES = ["a", "b", "/?t=1", "x".repeat(600), 'q"', "gr\u00fcn", ""] as const;

/** What an object would be made of, by the simplest way there is. */
function expected(headers: Headers): Readonly<Record<string, readonly string[]>> {
  const fields = new Map<string, string[]>();
  for (const [name, value] of headers) {
    if (name === "x-b") continue;
    const shown = redaction.headers.has(name) ? "REDACTED" : redaction.value(name, value);
    const spelled = name.replace(/(?:^|-)[a-z]/g, (start) => start.toUpperCase());
    const known = fields.get(spelled);
    if (known === undefined) fields.set(spelled, [shown]);
    else if (shown !== "REDACTED") known.push(shown);
  }
  return Object.fromEntries(fields);
}

test("the fields of a message are its own, whatever was in those before it", () => {
  const random = seeded(7);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const writer = new FieldsJson(redaction, "x-b");
  const base = new Headers({ accept: "a", "x-a": "b" });
  for (let i = 0; i < 20_000; i++) {
    // Most are alike, so that what is remembered is used.
    const headers = new Headers(base);
    const changes = Math.floor(random() * 4);
    for (let k = 0; k < changes; k++) {
      const name = pick(NAMES);
      if (random() < 0.3) headers.delete(name);
      else if (name === "set-cookie" && random() < 0.5) headers.append(name, pick(VALUES));
      else headers.set(name, pick(VALUES));
    }
    expect(JSON.parse(writer.text(headers))).toEqual(expected(headers));
  }
});

test("what is remembered of messages is bounded", () => {
  const writer = new FieldsJson(redaction);
  for (let i = 0; i < 200; i++) {
    const headers = new Headers(Array.from({ length: i }, (_, n): [string, string] => [`x-${n}`, "v"]));
    expect(Object.keys(JSON.parse(writer.text(headers)) as object)).toHaveLength(i);
  }
});
