import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "../helpers/ws-proxy.ts";
import { closePayload, Op } from "../helpers/ws-raw.ts";

// Each wait has a deadline of its own; this is for a test that hangs.
setDefaultTimeout(180_000);

const SIZE = 24 * 1024 * 1024;
const BYTES_PER_SECOND = 2_500_000;

test("a slow client is given all the time it uses to read what came before the close", async () => {
  await using all = await join({}, [], { closeGraceMs: 10_000 });
  const { socket } = all.client;
  socket.pause();
  all.upstream.send(Op.binary, Buffer.alloc(SIZE, 1));
  all.upstream.send(Op.close, closePayload(1000, "done"));
  const begin = performance.now();
  let total = 0;
  socket.on("data", (chunk: Buffer) => {
    total += chunk.length;
    const aheadMs = (total / BYTES_PER_SECOND) * 1000 - (performance.now() - begin);
    if (aheadMs <= 5) return;
    socket.pause();
    setTimeout(() => socket.resume(), aheadMs);
  });
  socket.resume();
  expect((await all.client.frame()).payload.length).toBe(SIZE);
  expect((await all.client.frame()).payload).toEqual(closePayload(1000, "done"));
  // Longer than the 5 s that Bun gives a closed socket to be read empty (1.4.5).
  expect(performance.now() - begin).toBeGreaterThan(8_000);
  all.upstream.socket.end();
  socket.end();
  expect((await all.proxy.ended()).code).toBe(1000);
}, 60_000);
