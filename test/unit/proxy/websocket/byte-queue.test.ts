import { expect, test } from "bun:test";
import { ByteQueue } from "../../../../src/proxy/websocket/byte-queue.ts";

/** A generator of the same numbers in every run. */
function numbers(seed: number): (below: number) => number {
  let x = seed;
  return (below) => {
    x = (Math.imul(x, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (x >>> 8) % below;
  };
}

test("gives back every byte in order, however it is filled and emptied", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const next = numbers(seed);
    const queue = new ByteQueue();
    let wanted = Buffer.alloc(0);
    let given = Buffer.alloc(0);
    for (let step = 0; step < 40; step++) {
      const piece = Buffer.alloc(next(3) === 0 ? next(100_000) : next(100), next(256));
      wanted = Buffer.concat([wanted, piece]);
      if (next(2) === 0) queue.copy(Buffer.concat([Buffer.alloc(3), piece]), 3, piece.length + 3);
      else queue.keep(Buffer.from(piece));
      let room = next(3) === 0 ? next(300_000) : 0;
      queue.drain((bytes, start, count) => {
        const taken = Math.min(room, count);
        given = Buffer.concat([given, bytes.subarray(start, start + taken)]);
        room -= taken;
        return taken;
      });
      expect(queue.length).toBe(wanted.length - given.length);
    }
    queue.drain((bytes, start, count) => {
      given = Buffer.concat([given, bytes.subarray(start, start + count)]);
      return count;
    });
    expect(given.equals(wanted)).toBe(true);
    expect(queue.length).toBe(0);
  }
});

test("stops when the socket is gone", () => {
  const queue = new ByteQueue();
  queue.copy(Buffer.from("abc"), 0, 3);
  queue.drain(() => -1);
  expect(queue.length).toBe(3);
});
