import { describe, expect, test } from "bun:test";
import { LANES } from "../helpers/lanes.ts";
import { reverseProxy, startProxy, tcpHealth } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { valueOf } from "../helpers/raw-head.ts";
import { type Exchange, RawOrigin, refusingPort } from "../helpers/raw-origin.ts";
import { until } from "../helpers/streams.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

function limit(maxRequests: number, maxQueued = 100, queueTimeoutMs = 5_000) {
  return { proxy: { limit: { maxRequests, maxQueued, queueTimeoutMs } } };
}

describe.each(LANES)("max_conns_per_host by the $lane lane", ({ fields }) => {
  const request = `GET / HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`;

  test("lets so many in at once, and the others in their order", async () => {
    await using origin = RawOrigin.start(() => {});
    await using proxy = await startProxy(origin.port, limit(2));
    const clients: RawClient[] = [];
    await using stack = new AsyncDisposableStack();
    for (let i = 0; i < 5; i++) {
      const client = stack.use(await RawClient.connect(proxy.port));
      client.send(request.replace("GET /", `GET /${i}`));
      clients.push(client);
      // Each has come before the next one is sent: their order is that of their heads.
      await until(() => proxy.worker.open === i + 1, `${i + 1} requests to be open`);
      if (i < 2) await origin.exchange(i + 1);
    }
    await Bun.sleep(50);
    expect(origin.exchanges).toHaveLength(2);
    for (let i = 0; i < 5; i++) {
      const { target, connection } = await origin.exchange(i + 1);
      expect(origin.exchanges.length).toBeLessThanOrEqual(i + 2);
      connection.send(OK);
      expect((await clients[Number(target.slice(1))]?.answer())?.status).toBe(200);
    }
    expect(origin.exchanges.map(({ target }) => target)).toEqual(["/0", "/1", "/2", "/3", "/4"]);
  });

  test("answers 503 with Retry-After past the number that may wait, and past the time", async () => {
    const held: Exchange[] = [];
    await using origin = RawOrigin.start((exchange) => void held.push(exchange));
    await using proxy = await startProxy(origin.port, limit(1, 1, 700));
    await using first = await RawClient.connect(proxy.port);
    first.send(request);
    await origin.exchange(1);
    await using second = await RawClient.connect(proxy.port);
    second.send(request);
    await until(() => proxy.worker.open === 2, "the second to wait");
    await using third = await RawClient.connect(proxy.port);
    const full = await third.request("GET", "/", fields);
    expect([full.status, valueOf(full.head, "retry-after")]).toEqual([503, "1"]);
    expect(valueOf(full.head, "proxy-status")).toContain("queue_full");
    const late = await second.answer();
    expect([late.status, valueOf(late.head, "retry-after")]).toEqual([503, "1"]);
    expect(valueOf(late.head, "proxy-status")).toContain("queue_timeout");
    held[0]?.connection.send(OK);
    expect((await first.answer()).status).toBe(200);
  });

  test("a client that goes gives its place in the line away", async () => {
    await using origin = RawOrigin.start(() => {});
    await using proxy = await startProxy(origin.port, limit(1, 1));
    await using first = await RawClient.connect(proxy.port);
    first.send(request);
    const { connection } = await origin.exchange(1);
    const gone = await RawClient.connect(proxy.port);
    gone.send(request);
    await until(() => proxy.worker.open === 2, "the second to wait");
    gone[Symbol.dispose]();
    await proxy.log.until(() => proxy.log.failures.length === 1, "the end of the one that left");
    await using third = await RawClient.connect(proxy.port);
    third.send(request);
    await until(() => proxy.worker.open === 2, "the third to wait");
    connection.send(OK);
    expect((await first.answer()).status).toBe(200);
    (await origin.exchange(2)).connection.send(OK);
    expect((await third.answer()).status).toBe(200);
  });

  test("another peer is taken before anyone waits", async () => {
    await using slow = RawOrigin.start(() => {});
    await using quick = RawOrigin.start(OK);
    const balance = { policy: { type: "first" }, weights: [] } as const;
    const { proxy: limits } = limit(1);
    await using proxy = await startProxy([slow.port, quick.port], { proxy: { ...limits, balance } });
    await using first = await RawClient.connect(proxy.port);
    first.send(request);
    await slow.exchange(1);
    await using second = await RawClient.connect(proxy.port);
    expect((await second.request("GET", "/", fields)).status).toBe(200);
  });

  test("a peer that comes back is given to those who wait for another one's place", async () => {
    await using slow = RawOrigin.start(() => {});
    const port = refusingPort();
    const { proxy: limits } = limit(1);
    await using proxy = await startProxy([slow.port, port], { proxy: { ...limits, ...tcpHealth(20) } });
    await proxy.log.until(() => proxy.log.lines.some(({ message }) => message === "peer is down"), "one to be down");
    await using first = await RawClient.connect(proxy.port);
    first.send(request);
    await slow.exchange(1);
    await using second = await RawClient.connect(proxy.port);
    second.send(request);
    await until(() => proxy.worker.open === 2, "the second to wait");
    using back = Bun.serve({ hostname: "127.0.0.1", port, fetch: () => new Response("ok") });
    expect((await second.answer()).status).toBe(200);
    expect([slow.exchanges.length, back.port]).toEqual([1, port]);
  });

  test("routes that share an upstream keep to the cap together, and take turns", async () => {
    let atOnce = 0;
    let most = 0;
    const order: string[] = [];
    await using origin = RawOrigin.start(async ({ target, connection }) => {
      most = Math.max(most, ++atOnce);
      order.push(target);
      await Bun.sleep(3);
      atOnce--;
      connection.send(OK);
    });
    const upstream = { type: "tcp", host: "127.0.0.1", port: origin.port, tls: false } as const;
    const { proxy: limits } = limit(2);
    const to = (path: string) => ({
      name: path,
      match: [[{ type: "path", patterns: [path] }]] as const,
      handlers: [{ type: "proxy", proxy: reverseProxy([upstream], limits) }] as const,
      terminal: false,
    });
    await using proxy = await startProxy([], { routes: [to("/a"), to("/b")] });
    const ask = async (path: string): Promise<void> => {
      await using client = await RawClient.connect(proxy.port);
      for (let i = 0; i < 4; i++) expect((await client.request("GET", path, fields)).status).toBe(200);
    };
    await Promise.all(["/a", "/b"].flatMap((path) => Array.from({ length: 6 }, () => ask(path))));
    expect(most).toBe(2);
    // While both wait, neither is served twice as often as the other.
    const middle = order.slice(8, 32);
    expect(middle.filter((path) => path === "/a").length).toBeWithin(9, 16);
  });
});
