import { expect, test } from "bun:test";
import { LineBuffer } from "../../../src/observe/line-buffer.ts";

test("gives every line back as its UTF-8, in order, whatever its length", () => {
  const buffer = new LineBuffer();
  const taken: Buffer[] = [];
  const wanted: string[] = [];
  for (let i = 0; i < 400; i++) {
    for (let k = 0; k <= i % 7; k++) {
      const line = `${i}.${k} ${["x", "\u00fc", "\u{1f600}", "\u2028"][i % 4]?.repeat((i * 97) % 5000)}\n`;
      wanted.push(line);
      buffer.add(line);
    }
    expect(buffer.lines).toBe((i % 7) + 1);
    const piece = buffer.contents();
    expect(piece.length).toBe(buffer.bytes);
    taken.push(Buffer.from(piece));
    buffer.clear();
    expect([buffer.bytes, buffer.lines, buffer.contents().length]).toEqual([0, 0, 0]);
  }
  expect(Buffer.concat(taken).toString()).toBe(wanted.join(""));
});

test("takes a line that is longer than all its room", () => {
  const buffer = new LineBuffer();
  buffer.add("a\n");
  buffer.add(`${"\u00fc".repeat(200_000)}\n`);
  buffer.add("b\n");
  expect(buffer.contents().toString()).toBe(`a\n${"\u00fc".repeat(200_000)}\nb\n`);
});
