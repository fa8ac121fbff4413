import { expect, test } from "bun:test";
import { FieldSets, hasAll, namesOf } from "../../../src/core/field-sets.ts";

const set = (...names: string[]) => ({ names });
const headers = (...names: string[]) => new Headers(names.map((name) => [name, "x"]));

test("sets are found by how many fields there are, and four of one size are kept", () => {
  const sets = new FieldSets();
  expect(sets.like(headers("a"))).toEqual([]);
  for (const name of ["a", "b", "c", "d"]) sets.learn(set(name));
  sets.learn(set("a", "b"));
  expect(sets.like(headers("x"))).toEqual([set("a"), set("b"), set("c"), set("d")]);
  sets.learn(set("e"));
  expect(sets.like(headers("x"))).toEqual([set("e"), set("b"), set("c"), set("d")]);
  sets.learn(set("f"));
  expect(sets.like(headers("x"))).toEqual([set("e"), set("f"), set("c"), set("d")]);
  expect(sets.like(headers("x", "y"))).toEqual([set("a", "b")]);
});

test("what is long is not kept", () => {
  const sets = new FieldSets();
  const many = Array.from({ length: 41 }, (_, i) => `x-${i}`);
  sets.learn(set(...many));
  expect(sets.like(headers(...many))).toEqual([]);
  sets.learn(set("x".repeat(65)));
  expect(sets.like(headers("x"))).toEqual([]);
});

test("names are told once each, and not where Bun keeps lines apart", () => {
  const twice = headers("X-A", "accept", "x-a");
  expect(namesOf(twice)?.toSorted()).toEqual(["accept", "x-a"]);
  expect(twice.count).toBe(2);
  expect(namesOf(headers("set-cookie"))).toBeUndefined();
  expect([hasAll(twice, ["x-a", "accept"]), hasAll(twice, ["x-a", "cookie"])]).toEqual([true, false]);
});
