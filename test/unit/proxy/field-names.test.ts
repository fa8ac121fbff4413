import { expect, test } from "bun:test";
import { FieldNames } from "../../../src/proxy/exact/field-names.ts";

test.each([
  ["user-agent", "User-Agent: "],
  ["x-forwarded-for", "X-Forwarded-For: "],
  ["sec-ch-ua-platform", "Sec-Ch-Ua-Platform: "],
  ["etag", "ETag: "],
  ["www-authenticate", "WWW-Authenticate: "],
  ["x--a-", "X--A-: "],
  ["_x", "_x: "],
  ["1-a", "1-A: "],
  ["constructor", "Constructor: "],
  ["__proto__", "__proto__: "],
])("%s goes out as %s", (name, prefix) => {
  const names = new FieldNames();
  expect([names.prefixOf(name), names.prefixOf(name)]).toEqual([prefix, prefix]);
});

test("names without end are spelled the same, and not kept", () => {
  const names = new FieldNames();
  for (let i = 0; i < 2_000; i++) expect(names.prefixOf(`x-${i}-a`)).toBe(`X-${i}-A: `);
  const long = "a".repeat(10_000);
  expect(names.prefixOf(long)).toBe(`A${long.slice(1)}: `);
});
