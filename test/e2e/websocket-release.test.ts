import { heapStats } from "bun:jsc";
import { expect, test } from "bun:test";
import { local, startWebSocketProxy } from "../helpers/ws-proxy.ts";
import { closePayload, Op, RawOrigin, rawClient } from "../helpers/ws-raw.ts";

function living(name: string): number {
  Bun.gc(true);
  return heapStats().objectTypeCounts[name] ?? 0;
}

test("bridges that ended, in whatever way, are let go", async () => {
  await using origin = await RawOrigin.start();
  await using proxy = startWebSocketProxy({ upstream: local(origin.port), websocket: { deadAfterMs: 0 } });
  const before = living("Bridge");
  const rounds = 120;
  for (let i = 0; i < rounds; i++) {
    using client = await rawClient(proxy.port);
    using upstream = await origin.next();
    upstream.accept();
    await client.head();
    client.send(Op.binary, Buffer.alloc(100_000));
    await upstream.frame();
    const side = i % 2 === 0 ? client : upstream;
    if (i % 3 === 0) side.send(Op.close, closePayload(1000));
    else if (i % 3 === 1) side.socket.end();
    else side.socket.resetAndDestroy();
    client.socket.end();
    upstream.socket.end();
    await proxy.ended(i + 1);
  }
  expect(proxy.ends).toHaveLength(rounds);
  expect(proxy.bridges.size).toBe(0);
  // The collector is conservative: a few may still be named on a stack.
  expect(living("Bridge") - before).toBeLessThan(10);
  expect(living("UpstreamSocket")).toBeLessThan(10);
});
