import { describe, expect, test } from "bun:test";
import { join } from "../helpers/ws-proxy.ts";
import { closePayload, frame, Op, type RawSocket } from "../helpers/ws-raw.ts";

const MIB = 1024 * 1024;

/** Bytes that tell a lost, doubled or moved piece. */
function pattern(size: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  let x = seed;
  for (let i = 0; i < size; i++) {
    x = (Math.imul(x, 1_103_515_245) + 12_345) & 0x7fffffff;
    bytes[i] = x >>> 16;
  }
  return bytes;
}

const sides = ["client", "upstream"] as const;

describe.each(sides)("messages from the %s", (from) => {
  async function joined(websocket = {}): Promise<{
    sender: RawSocket;
    receiver: RawSocket;
    proxy: Awaited<ReturnType<typeof join>>["proxy"];
    [Symbol.asyncDispose](): PromiseLike<void>;
  }> {
    const all = await join(websocket);
    const other = from === "client" ? all.upstream : all.client;
    return {
      sender: all[from],
      receiver: other,
      proxy: all.proxy,
      [Symbol.asyncDispose]: () => all[Symbol.asyncDispose](),
    };
  }

  test("keep type, bytes, order and boundaries at every size of frame head", async () => {
    await using all = await joined();
    const sizes = [0, 1, 2, 3, 4, 5, 125, 126, 127, 128, 65_533, 65_534, 65_535, 65_536, 65_537, 70_001, 3 * MIB + 1];
    for (const size of sizes) all.sender.send(Op.binary, pattern(size, size + 1));
    for (const size of sizes) all.sender.send(Op.text, "é".repeat(size >> 1) + "x".repeat(size & 1));
    for (const size of sizes) {
      const found = await all.receiver.frame();
      expect([found.opcode, found.payload.length]).toEqual([Op.binary, size]);
      expect(found.payload.equals(pattern(size, size + 1))).toBe(true);
      expect(found.isMasked).toBe(from === "client");
    }
    for (const size of sizes) {
      const found = await all.receiver.frame();
      expect([found.opcode, found.payload.length]).toEqual([Op.text, (size >> 1) * 2 + (size & 1)]);
      expect(found.payload.toString()).toBe("é".repeat(size >> 1) + "x".repeat(size & 1));
    }
  });

  test("keep every kind of character, and a byte order mark", async () => {
    await using all = await joined();
    const texts = ["\ufeffmark", "\u0000nul", "ÿ latin", "漢字", "😀 astral", "a\r\nb"];
    for (const text of texts) all.sender.send(Op.text, text);
    for (const text of texts) expect((await all.receiver.frame()).payload).toEqual(Buffer.from(text));
  });

  test("are put together from fragments, with control frames between them", async () => {
    await using all = await joined();
    all.sender.send(Op.text, "one ", { final: false });
    all.sender.send(Op.ping, "mid");
    all.sender.send(Op.continuation, "", { final: false });
    all.sender.send(Op.continuation, "message");
    all.sender.send(Op.binary, "next");
    const found: string[] = [];
    while (found.length < 2) {
      const { opcode, payload } = await all.receiver.frame();
      if (opcode !== Op.ping) found.push(`${opcode}:${payload.toString()}`);
    }
    expect(found).toEqual(["1:one message", "2:next"]);
  });

  test("arrive whole however the bytes are cut", async () => {
    await using all = await joined();
    const masked = from === "client";
    const bytes = Buffer.concat([
      frame(Op.text, "first", { masked }),
      frame(Op.binary, pattern(300), { masked }),
      frame(Op.binary, pattern(66_000), { masked }),
      frame(Op.text, "last", { masked }),
    ]);
    all.sender.socket.setNoDelay(true);
    // One byte at a time through the heads, then in odd pieces.
    for (let at = 0; at < bytes.length;) {
      const count = at < 340 ? 1 : 7_919;
      all.sender.socket.write(bytes.subarray(at, at + count));
      at += count;
      if (at < 340) await new Promise(setImmediate);
    }
    expect(String((await all.receiver.frame()).payload)).toBe("first");
    expect((await all.receiver.frame()).payload.equals(pattern(300))).toBe(true);
    expect((await all.receiver.frame()).payload.equals(pattern(66_000))).toBe(true);
    expect(String((await all.receiver.frame()).payload)).toBe("last");
  });

  test("of 64 MiB go through, and one byte more closes both sides with 1009", async () => {
    await using all = await joined();
    const most = Buffer.alloc(64 * MIB, "0123456789abcdef");
    all.sender.send(Op.binary, most);
    expect((await all.receiver.frame()).payload.equals(most)).toBe(true);
    all.sender.send(Op.binary, Buffer.alloc(64 * MIB + 1));
    expect((await all.receiver.frame()).payload.subarray(0, 2)).toEqual(closePayload(1009));
    expect((await all.sender.frame()).payload.subarray(0, 2)).toEqual(closePayload(1009));
    all.receiver.send(Op.close, closePayload(1009));
    all.receiver.socket.end();
    all.sender.socket.end();
    expect((await all.proxy.ended()).code).toBe(1009);
  }, 60_000);

  test("are limited as a whole when they come in fragments", async () => {
    await using all = await joined({ maxMessageBytes: 1000 });
    all.sender.send(Op.binary, Buffer.alloc(600), { final: false });
    all.sender.send(Op.continuation, Buffer.alloc(600));
    expect((await all.receiver.frame()).payload.subarray(0, 2)).toEqual(closePayload(1009));
    expect((await all.sender.frame()).payload.subarray(0, 2)).toEqual(closePayload(1009));
  });

  test("many small ones keep their order", async () => {
    await using all = await joined();
    const masked = from === "client";
    const many = 20_000;
    const bytes: Buffer[] = [];
    for (let i = 0; i < many; i++) bytes.push(frame(i % 2 === 0 ? Op.text : Op.binary, `message ${i}`, { masked }));
    all.sender.socket.write(Buffer.concat(bytes));
    for (let i = 0; i < many; i++) {
      const { opcode, payload } = await all.receiver.frame();
      if (opcode !== (i % 2 === 0 ? Op.text : Op.binary) || payload.toString() !== `message ${i}`) {
        throw new Error(`message ${i} is ${payload.toString()}`);
      }
    }
  });

  test("pings cross with their payload, and pongs that answer nothing do too", async () => {
    await using all = await joined();
    for (const payload of ["", "hello", "x".repeat(125)]) {
      all.sender.send(Op.ping, payload);
      const ping = await all.receiver.frame();
      expect([ping.opcode, ping.payload.toString()]).toEqual([Op.ping, payload]);
      all.receiver.send(Op.pong, payload);
      const pong = await all.sender.frame();
      expect([pong.opcode, pong.payload.toString()]).toEqual([Op.pong, payload]);
    }
    all.sender.send(Op.pong, "heartbeat");
    const pong = await all.receiver.frame();
    expect([pong.opcode, pong.payload.toString()]).toEqual([Op.pong, "heartbeat"]);
    // No second pong is under way to the sender.
    all.receiver.send(Op.text, "end");
    expect((await all.sender.frame()).opcode).toBe(Op.text);
  });
});

test("an upstream's ping is answered by the client alone", async () => {
  await using all = await join();
  all.upstream.send(Op.ping, "alive?");
  expect((await all.client.frame()).opcode).toBe(Op.ping);
  all.upstream.send(Op.text, "no pong before this");
  await all.client.frame();
  all.client.send(Op.text, "nor before this");
  expect((await all.upstream.frame()).opcode).toBe(Op.text);
  all.client.send(Op.pong, "alive?");
  expect((await all.upstream.frame()).opcode).toBe(Op.pong);
});
