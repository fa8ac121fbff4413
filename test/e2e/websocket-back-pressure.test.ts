import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Socket } from "node:net";
import { join } from "../helpers/ws-proxy.ts";
import { frame, Op } from "../helpers/ws-raw.ts";

// Each wait has a deadline of its own; this is for a test that hangs. Five seconds, the default, are too few here.
setDefaultTimeout(30_000);

const MIB = 1024 * 1024;
const MESSAGE = 64 * 1024;
const COUNT = 3_000;
/** Kernel buffers of four sockets, one read of Bun's, and a good deal of room; far below what is sent. */
const MOST_HELD = 60 * MIB;

/** Resolves when a socket has taken nothing for many turns of the loop, with all other work done. */
async function stalled(socket: Socket): Promise<void> {
  let last = -1;
  for (let still = 0; still < 2_000; still++) {
    await new Promise(setImmediate);
    if (socket.bytesWritten !== last) still = 0;
    last = socket.bytesWritten;
  }
}

describe.each(["client", "upstream"] as const)("a fast %s", (from) => {
  test("is held back by a receiver that does not read, and nothing is lost", async () => {
    await using all = await join();
    const sender = all[from].socket;
    const receiver = from === "client" ? all.upstream : all.client;
    receiver.socket.pause();
    const message = Buffer.alloc(MESSAGE, 3);
    let sent = 0;
    function send(): void {
      while (sent < COUNT) {
        message.writeUInt32BE(sent++, 0);
        if (!sender.write(frame(Op.binary, message, { masked: from === "client" }))) break;
      }
    }
    sender.on("drain", send);
    send();
    let last = -1;
    for (let still = 0; still < 2_000; still++) {
      await new Promise(setImmediate);
      if (sender.bytesWritten !== last) still = 0;
      last = sender.bytesWritten;
    }
    expect(sent * MESSAGE).toBeLessThan(MOST_HELD);
    receiver.socket.resume();
    for (let i = 0; i < COUNT; i++) {
      const { payload } = await receiver.frame();
      if (payload.length !== MESSAGE || payload.readUInt32BE(0) !== i) throw new Error(`message ${i} is not itself`);
    }
  }, 60_000);

  test("that closes while it is held back ends both sides", async () => {
    await using all = await join({ deadAfterMs: 200 });
    const receiver = from === "client" ? all.upstream : all.client;
    receiver.socket.pause();
    for (let i = 0; i < 30; i++) all[from].send(Op.binary, Buffer.alloc(MIB));
    all[from].socket.resetAndDestroy();
    // The receiver never reads: it is given up.
    await all.proxy.ended();
    expect(all.proxy.bridges.size).toBe(0);
  });
});

test("both ways at once neither side waits for ever", async () => {
  await using all = await join();
  const message = Buffer.alloc(MESSAGE, 9);
  const rounds = 400;
  for (const side of [all.client, all.upstream]) {
    for (let i = 0; i < rounds; i++) side.send(Op.binary, message);
  }
  for (const side of [all.client, all.upstream]) {
    for (let i = 0; i < rounds; i++) expect((await side.frame()).payload.length).toBe(MESSAGE);
  }
});

test("a client that pings and does not read is held back as well", async () => {
  await using all = await join();
  const { socket } = all.client;
  socket.pause();
  all.upstream.socket.resume();
  const pings = Buffer.concat(Array.from({ length: 8_000 }, () => frame(Op.ping, "x".repeat(125), { masked: true })));
  let left = 80;
  function send(): void {
    while (left > 0) {
      left--;
      if (!socket.write(pings)) break;
    }
  }
  socket.on("drain", send);
  send();
  await stalled(socket);
  expect(left).toBeGreaterThan(20);
}, 30_000);
