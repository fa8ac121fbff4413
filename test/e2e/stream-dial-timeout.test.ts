import { describe, expect, test } from "bun:test";
import { LANES, requestText } from "../helpers/lanes.ts";
import { startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";
import { StalledOrigin } from "../helpers/stalled-origin.ts";
import { bestOf } from "../helpers/best-of.ts";

const DIAL_MS = 400;
const proxy = { timeouts: { dialMs: DIAL_MS, responseHeaderMs: 0, readMs: 0, writeMs: 0 } };
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// Only Linux tells what is being dialled.
describe.skipIf(process.platform !== "linux").each([LANES[0]])("a limit on dialling ($lane lane)", ({ fields }) => {
  test.each([
    ["GET", [], ""],
    ["POST", ["Content-Length: 5"], "hello"],
  ] as const)("answers 504 connection_timeout for a peer that swallows SYNs (%s)", async (method, more, body) => {
    await using origin = await StalledOrigin.start();
    origin.stall();
    await origin.fill();
    await using under = await startProxy(origin.port, { proxy });
    let round = 0;
    const asking = async (): Promise<number> => {
      await using client = await RawClient.connect(under.port);
      const began = performance.now();
      expect((await client.request(method, "/", [...fields, ...more], body)).status).toBe(504);
      const ms = performance.now() - began;
      expect(ms).toBeGreaterThan(DIAL_MS - 20);
      expect(under.log.failures[round++]?.facts).toMatchObject({ reason: "connection_timeout", status: 504 });
      return ms;
    };
    // The second time it is known that it did not answer.
    for (const _ of [1, 2]) expect(await bestOf(DIAL_MS + 500, asking)).toBeLessThan(DIAL_MS + 500);
  });

  test("goes on to another peer, with a body only where there is none to lose", async () => {
    await using origin = await StalledOrigin.start();
    await using other = RawOrigin.start(OK);
    origin.stall();
    await origin.fill();
    await using under = await startProxy([origin.port, other.port], { proxy });
    await using client = await RawClient.connect(under.port);
    for (let i = 0; i < 2; i++) expect((await client.request("GET", "/", fields)).status).toBe(200);
    // A short one is at hand for the next attempt.
    for (let i = 0; i < 2; i++) {
      expect((await client.request("POST", "/", [...fields, "Content-Length: 5"], "hello")).status).toBe(200);
    }
    const statuses = new Set<number>();
    const chunked = [...fields, "Transfer-Encoding: chunked"];
    for (let i = 0; i < 2; i++) {
      statuses.add((await client.request("POST", "/", chunked, "5\r\nhello\r\n0\r\n\r\n")).status);
    }
    expect([...statuses].toSorted()).toEqual([200, 504]);
  });

  test("holds for every one of many requests at once, and not when the peer is back", async () => {
    await using origin = await StalledOrigin.start();
    origin.stall();
    await origin.fill();
    await using under = await startProxy(origin.port, { proxy });
    const ask = async (): Promise<number> => {
      await using client = await RawClient.connect(under.port);
      return (await client.request("GET", "/", fields)).status;
    };
    expect(new Set(await Promise.all(Array.from({ length: 50 }, ask)))).toEqual(new Set([504]));
    origin.resume();
    expect(new Set(await Promise.all(Array.from({ length: 50 }, ask)))).toEqual(new Set([200]));
  });

  test("cuts no request whose connection was made, though the peer is slow and accepts no more", async () => {
    // What fills the queue dials as well, and must have ended before the first look.
    const dialMs = 2 * DIAL_MS;
    await using origin = await StalledOrigin.start();
    await using under = await startProxy(origin.port, { proxy: { timeouts: { ...proxy.timeouts, dialMs } } });
    await using client = await RawClient.connect(under.port);
    origin.stall();
    client.send(requestText("GET", "/", fields));
    await origin.connected();
    await origin.fill();
    await Bun.sleep(2.5 * dialMs);
    expect(client.receivedBytes).toBe(0);
    origin.resume();
    expect((await client.answer()).body.toString()).toBe("ok");
    expect(under.log.failures).toEqual([]);
  });

  test("cuts no request of a slow peer", async () => {
    await using slow = RawOrigin.start(() => {});
    await using under = await startProxy(slow.port, { proxy });
    await using client = await RawClient.connect(under.port);
    client.send(requestText("GET", "/", fields));
    const { connection } = await slow.exchange();
    // Time for several looks.
    await Bun.sleep(3 * DIAL_MS);
    connection.send(OK);
    expect((await client.answer()).status).toBe(200);
    expect(under.log.failures).toEqual([]);
  });
});
