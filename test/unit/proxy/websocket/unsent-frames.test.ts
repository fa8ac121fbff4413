import { expect, test } from "bun:test";
import { UnsentFrames } from "../../../../src/proxy/websocket/unsent-frames.ts";
import { frame, Op } from "../../../helpers/ws-raw.ts";

const FRAMES = [
  frame(Op.text, "one", { masked: true }),
  frame(Op.ping, "ping", { masked: true }),
  frame(Op.binary, Buffer.alloc(70_000, 1), { masked: true }),
  frame(Op.text, "", { masked: true }),
];

test("gives the messages that are whole in what is left, wherever the queue was cut", () => {
  const all = Buffer.concat(FRAMES);
  for (const cut of [0, 1, 8, 9, 10, 18, 19, 20, 40_000, all.length - 7, all.length - 6, all.length - 5, all.length]) {
    const unsent = new UnsentFrames();
    let at = 0;
    const wanted: Buffer[] = [];
    for (const bytes of FRAMES) {
      unsent.add(bytes.length);
      if (at >= cut && bytes !== FRAMES[1]) wanted.push(bytes);
      at += bytes.length;
    }
    expect(unsent.of(all.subarray(cut))).toEqual(wanted);
  }
});

test("knows nothing of what was before the queue was empty", () => {
  const unsent = new UnsentFrames();
  for (const bytes of FRAMES) unsent.add(bytes.length);
  unsent.clear();
  unsent.add((FRAMES[0] as Buffer).length);
  expect(unsent.of(FRAMES[0] as Buffer)).toEqual([FRAMES[0] as Buffer]);
});
