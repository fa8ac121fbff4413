import { describe, expect, test } from "bun:test";
import type { ReverseProxyConfig } from "../../src/config/model.ts";
import { type ProxyUnderTest, startProxy } from "../helpers/proxy.ts";
import { closePayload, Op, type OriginSocket, RawOrigin, rawClient, type RawSocket } from "../helpers/ws-raw.ts";

interface Joined extends AsyncDisposable {
  readonly proxy: ProxyUnderTest;
  readonly origin: RawOrigin;
  readonly client: RawSocket;
  readonly upstream: OriginSocket;
}

/** A client and its upstream joined by a proxy that holds clients. */
async function join(
  more: Partial<ReverseProxyConfig> = {},
  { fields = [], chosen = [] }: { readonly fields?: readonly string[]; readonly chosen?: readonly string[] } = {},
): Promise<Joined> {
  await using stack = new AsyncDisposableStack();
  const origin = stack.use(await RawOrigin.start());
  const hold = { limitMs: 5_000, intervalMs: 10 };
  const proxy = stack.use(await startProxy(origin.port, { proxy: { hold, ...more } }));
  const client = stack.use(await rawClient(proxy.port, fields, "/chat?room=1"));
  const upstream = await origin.next();
  upstream.accept(chosen);
  await client.head();
  const owned = stack.move();
  return { proxy, origin, client, upstream, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const text = async (socket: RawSocket): Promise<string> => String((await socket.frame()).payload);

function logged({ proxy }: Joined, message: string): number {
  return proxy.log.lines.filter((line) => line.message.startsWith(message)).length;
}

/** How an upstream goes away and comes back. */
const WAYS = {
  "1006": (upstream: OriginSocket) => upstream.socket.resetAndDestroy(),
  "1001": (upstream: OriginSocket) => upstream.send(Op.close, closePayload(1001, "going")),
  "1012": (upstream: OriginSocket) => upstream.send(Op.close, closePayload(1012, "restart")),
} as const;

describe("with websocket_hold", () => {
  test.each(Object.entries(WAYS))(
    "a client whose upstream goes with %s goes on with a new one",
    async (_code, leave) => {
      await using all = await join();
      all.client.send(Op.text, "one");
      expect(await text(all.upstream)).toBe("one");
      all.upstream.send(Op.text, "last words");
      leave(all.upstream);
      expect(await text(all.client)).toBe("last words");
      const next = await all.origin.next();
      // Sent while there is no upstream, and before the new one has said that it takes the client.
      for (const message of ["two", "three"]) all.client.send(Op.text, message);
      next.accept();
      expect([await text(next), await text(next)]).toEqual(["two", "three"]);
      next.send(Op.text, "hello again");
      expect(await text(all.client)).toBe("hello again");
      expect([logged(all, "a WebSocket is held"), logged(all, "a WebSocket goes on")]).toEqual([1, 1]);
      // It can do so again.
      next.socket.resetAndDestroy();
      const third = await all.origin.next();
      third.accept();
      all.client.send(Op.binary, Buffer.from([1, 2, 3]));
      expect((await third.frame()).payload).toEqual(Buffer.from([1, 2, 3]));
    },
  );

  test("the handshake is the one of the first time", async () => {
    const fields = ["Cookie: a=b", "Origin: https://app.example", "Sec-WebSocket-Protocol: v1, v2"];
    await using all = await join({}, { fields, chosen: ["Sec-WebSocket-Protocol: v2"] });
    all.upstream.socket.resetAndDestroy();
    const next = await all.origin.next();
    const without = (request: string): string => request.replace(/sec-websocket-key: \S+/i, "");
    expect(without(next.request)).toBe(without(all.upstream.request));
    next.accept(["Sec-WebSocket-Protocol: v2"]);
    next.send(Op.text, "on");
    expect(await text(all.client)).toBe("on");
  });

  test("all that a client floods it with while it waits arrives, in order, and memory is bounded by pausing it", async () => {
    await using all = await join();
    all.upstream.socket.resetAndDestroy();
    const next = await all.origin.next();
    const COUNT = 300;
    const pad = "x".repeat(100_000);
    for (let i = 0; i < COUNT; i++) all.client.send(Op.text, `${i} ${pad}`);
    await Bun.sleep(100);
    // The system holds back what the proxy does not read.
    expect(all.client.socket.writableLength).toBeGreaterThan(COUNT * 50_000);
    next.accept();
    for (let i = 0; i < COUNT; i++) expect((await text(next)).split(" ")[0]).toBe(String(i));
  });

  test("another peer takes the client over where the first does not come back", async () => {
    await using other = await RawOrigin.start();
    await using first = await RawOrigin.start();
    const proxyOptions = {
      hold: { limitMs: 5_000, intervalMs: 10 },
      balance: { policy: { type: "first" }, weights: [] },
    } as const;
    await using proxy = await startProxy([first.port, other.port], {
      proxy: {
        ...proxyOptions,
        passiveHealth: {
          failDurationMs: 60_000,
          maxFails: 1,
          unhealthyStatuses: [],
          unhealthyLatencyMs: 0,
          unhealthyRequestCount: 0,
        },
      },
    });
    using client = await rawClient(proxy.port);
    const upstream = await first.next();
    upstream.accept();
    await client.head();
    await first[Symbol.asyncDispose]();
    const next = await other.next();
    next.accept();
    client.send(Op.text, "over here");
    expect(await text(next)).toBe("over here");
  });

  test("other codes end the client as ever", async () => {
    for (const code of [1000, 1011, 4000]) {
      await using all = await join();
      all.upstream.send(Op.close, closePayload(code, "bye"));
      expect((await all.client.frame()).payload).toEqual(closePayload(code, "bye"));
      expect(all.origin.connections).toBe(1);
    }
  });

  test("past its time, or refused, a client is told what it would have been told at once", async () => {
    await using late = await join({ hold: { limitMs: 100, intervalMs: 10 } });
    late.upstream.send(Op.close, closePayload(1012, "restart"));
    const next = await late.origin.next();
    expect((await late.client.frame()).payload).toEqual(closePayload(1012, "restart"));
    next.socket.destroy();
    await using refused = await join();
    refused.upstream.socket.resetAndDestroy();
    (await refused.origin.next()).socket.write("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
    expect((await refused.client.end()).rest.length).toBe(0);
    await using changed = await join(
      {},
      { fields: ["Sec-WebSocket-Protocol: v1, v2"], chosen: ["Sec-WebSocket-Protocol: v1"] },
    );
    changed.upstream.socket.resetAndDestroy();
    (await changed.origin.next()).accept(["Sec-WebSocket-Protocol: v2"]);
    expect((await changed.client.end()).rest.length).toBe(0);
  });

  test("a server that still starts (5xx) is asked again", async () => {
    await using all = await join();
    all.upstream.socket.resetAndDestroy();
    (await all.origin.next()).socket.end("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
    const next = await all.origin.next();
    next.accept();
    next.send(Op.text, "there");
    expect(await text(all.client)).toBe("there");
  });

  test("a client that leaves while it is held ends the looking, and nothing is left in flight", async () => {
    await using all = await join();
    all.upstream.socket.resetAndDestroy();
    await all.origin.next();
    all.client.socket.destroy();
    const { worker } = all.proxy;
    const end = performance.now() + 3_000;
    while (worker.open > 0 && performance.now() < end) await Bun.sleep(5);
    expect(worker.open).toBe(0);
  });

  test("a stop ends a client that is held", async () => {
    await using all = await join();
    all.upstream.socket.resetAndDestroy();
    await all.origin.next();
    const stopped = all.proxy.worker.stop();
    await all.client.end();
    await stopped;
  });
});

test("without it a client ends with its upstream", async () => {
  await using all = await join({ hold: { limitMs: 0, intervalMs: 10 } });
  all.upstream.socket.resetAndDestroy();
  expect((await all.client.end()).rest.length).toBe(0);
  expect(all.origin.connections).toBe(1);
});
