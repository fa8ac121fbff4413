import { expect, test } from "bun:test";
import { RandomHex } from "../../../src/proxy/random-hex.ts";

test("random numbers have their length, are none of them 0, and none comes twice", () => {
  const random = new RandomHex();
  const seen = new Set<string>();
  for (let i = 0; i < 5000; i++) {
    const text = random.next(i % 2 === 0 ? 16 : 8);
    expect(text).toMatch(i % 2 === 0 ? /^[0-9a-f]{32}$/ : /^[0-9a-f]{16}$/);
    expect(text).toMatch(/[^0]/);
    seen.add(text);
  }
  expect(seen.size).toBe(5000);
});
