import { describe, expect, test } from "bun:test";
import type { ReverseProxyConfig } from "../../src/config/model.ts";
import { CIRCUIT_BREAKER_DEFAULTS, UPSTREAM_POLICY_DEFAULTS } from "../../src/config/upstream-model.ts";
import { startProxy } from "../helpers/proxy.ts";
import { closePayload, Op, RawOrigin, rawClient, type RawSocket } from "../helpers/ws-raw.ts";
import { until } from "../helpers/streams.ts";

const HOLD = { hold: { limitMs: 5_000, intervalMs: 10 } };
const text = async (socket: RawSocket): Promise<string> => String((await socket.frame()).payload);

/** Two origins behind a proxy that holds, a client, and the upstream that it got: the first one's. */
async function joinTwo(more: Partial<ReverseProxyConfig> = {}) {
  await using stack = new AsyncDisposableStack();
  const first = stack.use(await RawOrigin.start());
  const other = stack.use(await RawOrigin.start());
  const proxy = stack.use(await startProxy([first.port, other.port], { proxy: { ...HOLD, ...more } }));
  const client = stack.use(await rawClient(proxy.port));
  const upstream = await first.next();
  upstream.accept();
  await client.head();
  const owned = stack.move();
  return { proxy, first, other, client, upstream, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

describe("a WebSocket that is held", () => {
  test("goes back to its own peer where that takes it, whatever the policy's turn is", async () => {
    await using all = await joinTwo();
    all.upstream.socket.resetAndDestroy();
    const next = await Promise.race([all.first.next(), all.other.next()]);
    expect([all.first.connections, all.other.connections]).toEqual([2, 0]);
    next.accept();
    next.send(Op.text, "same");
    expect(await text(all.client)).toBe("same");
  });

  test("goes to another peer at once where its own is not there, without any health check", async () => {
    await using all = await joinTwo({
      balance: { policy: { type: "first" }, weights: [] },
      hold: { limitMs: 5_000, intervalMs: 4_000 },
    });
    await all.first[Symbol.asyncDispose]();
    const next = await all.other.next();
    next.accept();
    next.send(Op.text, "other");
    expect(await text(all.client)).toBe("other");
    const line = all.proxy.log.lines.find(({ message }) => message.startsWith("a WebSocket goes on"));
    expect(line?.facts["peer"]).toBe(`127.0.0.1:${all.other.port}`);
  });

  test("counts for a circuit breaker like any attempt: a peer that takes it is trusted again", async () => {
    const breaker = { ...CIRCUIT_BREAKER_DEFAULTS, minRequests: 2, openMs: 30, trials: 1 };
    await using origin = await RawOrigin.start();
    await using proxy = await startProxy(origin.port, { proxy: { ...HOLD, breaker } });
    using client = await rawClient(proxy.port);
    const upstream = await origin.next();
    upstream.accept();
    await client.head();
    upstream.socket.resetAndDestroy();
    for (let i = 0; i < 3; i++) {
      (await origin.next()).socket.end("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
    }
    await proxy.log.until(() => proxy.log.lines.some(({ message }) => /suspect/.test(message)), "the breaker to open");
    await Bun.sleep(60);
    const next = await origin.next();
    next.accept();
    await proxy.log.until(
      () => proxy.log.lines.some(({ message }) => /trusted|again/.test(message)),
      "the breaker to close",
    );
  });

  test("has a place of its peer again once it is carried on, and gives it back", async () => {
    await using all = await joinTwo({ limit: { ...UPSTREAM_POLICY_DEFAULTS.limit, maxRequests: 1 } });
    // Fills the other one.
    using second = await rawClient(all.proxy.port);
    (await all.other.next()).accept();
    await second.head();
    all.upstream.socket.resetAndDestroy();
    const next = await all.first.next();
    next.accept();
    next.send(Op.text, "on");
    expect(await text(all.client)).toBe("on");
    // Both are full again: a third waits, and gets the place of the one that leaves.
    using third = await rawClient(all.proxy.port);
    await until(() => all.proxy.worker.open === 3, "the third to wait");
    expect([all.first.connections, all.other.connections]).toEqual([2, 1]);
    all.client.socket.destroy();
    next.socket.destroy();
    (await all.first.next()).accept();
    await third.head();
  });

  test("does not dial without a pause an upstream that takes it and goes at once, and ends with its time", async () => {
    await using origin = await RawOrigin.start();
    await using proxy = await startProxy(origin.port, { proxy: { hold: { limitMs: 600, intervalMs: 50 } } });
    using client = await rawClient(proxy.port);
    const flap = async (): Promise<void> => {
      for (;;) (await origin.next()).accept([], frameOf1012());
    };
    void flap().catch(() => {});
    await client.head();
    await client.end();
    expect(origin.connections).toBeLessThan(12);
  });

  test("leaves no connection to an upstream that says 1012 and never closes", async () => {
    await using all = await joinTwo();
    all.upstream.send(Op.close, closePayload(1012, "restart"));
    expect((await all.upstream.frame()).payload.readUInt16BE(0)).toBe(1012);
    // The proxy has closed its half; the origin keeps its own open.
    const next = await all.first.next();
    next.accept();
    next.send(Op.text, "on");
    expect(await text(all.client)).toBe("on");
    const closed = new Promise<void>((resolve) => all.upstream.socket.once("close", () => resolve()));
    await all.proxy.worker.stop();
    await closed;
  });
});

function frameOf1012(): Buffer {
  return Buffer.concat([Buffer.from([0x88, 2]), closePayload(1012)]);
}
