import { describe, expect, test } from "bun:test";
import { LANES, requestText } from "../helpers/lanes.ts";
import { startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { valueOf } from "../helpers/raw-head.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";
import { NotedSocket, NotedStream, startStreamsOrigin, until } from "../helpers/streams.ts";
import { bestOf } from "../helpers/best-of.ts";

const NEVER = new AbortController().signal;
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nok";
const LARGE = `HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n${"x".repeat(50_000)}`;
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
const BROKEN = "nonsense\r\n\r\n";

describe.concurrent("the last answer on a connection says that it is the last", () => {
  for (const { lane, fields } of LANES) {
    test.concurrent.each([
      ["a small one", OK, 200],
      ["a large one", LARGE, 200],
      ["a chunked one", CHUNKED, 200],
      ["one that has no body", "HTTP/1.1 204 No Content\r\n\r\n", 204],
      ["a failure", BROKEN, 502],
    ] as const)(`${lane}: %s`, async (_what, answer, status) => {
      await using origin = RawOrigin.start(() => {});
      await using proxy = await startProxy(origin.port, { process: { gracePeriodMs: 5_000 } });
      await using client = await RawClient.connect(proxy.port);
      client.send(requestText("GET", "/", fields));
      const { connection } = await origin.exchange();
      const draining = proxy.worker.drain(NEVER);
      connection.send(answer);
      connection.end();
      const got = await client.answer();
      expect(got.status).toBe(status);
      expect(valueOf(got.head, "connection")).toBe("close");
      await client.ended();
      expect(await draining).toBe("drained");
    });
  }

  test.concurrent("and no answer before does", async () => {
    await using origin = RawOrigin.start(OK);
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    for (const { fields } of LANES) {
      expect(valueOf((await client.request("GET", "/", fields)).head, "connection")).toBeUndefined();
    }
  });
});

test("a drain for a successor still takes connections for a moment, and ends each with an answer", async () => {
  const [{ fields }] = LANES;
  await using origin = RawOrigin.start(OK);
  await using proxy = await startProxy(origin.port, { process: { gracePeriodMs: 1_000 } });
  await using used = await RawClient.connect(proxy.port);
  await using idle = await RawClient.connect(proxy.port);
  for (const client of [used, idle]) expect((await client.request("GET", "/", fields)).status).toBe(200);
  const draining = proxy.worker.drain(NEVER, true);
  await using late = await RawClient.connect(proxy.port);
  for (const client of [used, late]) {
    expect(valueOf((await client.request("GET", "/", fields)).head, "connection")).toBe("close");
    await client.ended();
  }
  expect(idle.ending).toBeUndefined();
  expect(await draining).toBe("drained");
  await idle.ended();
});

test("WebSockets and event streams are asked to go one after the other within the grace period", async () => {
  await using origin = startStreamsOrigin("a");
  expect(await bestOf(500, () => lateness(origin.port))).toBeLessThan(500);
});

/** How much later than they should streams go in a drain whose grace period is 2 s. */
async function lateness(origin: number): Promise<number> {
  await using proxy = await startProxy(origin, { process: { gracePeriodMs: 2_000 } });
  const url = `127.0.0.1:${proxy.port}`;
  const sockets = await Promise.all(Array.from({ length: 8 }, () => NotedSocket.open(`ws://${url}/`)));
  using stream = await NotedStream.open(`http://${url}/events`);
  const began = performance.now();
  const draining = proxy.worker.drain(NEVER);
  // Those that are not asked yet work as before.
  await sockets.at(-1)?.echo();
  expect(await draining).toBe("drained");
  await until(() => sockets.every(({ closeCode }) => closeCode !== undefined), "every end");
  expect(sockets.map(({ closeCode }) => closeCode)).toEqual(sockets.map(() => 1001));
  await until(() => stream.ending !== undefined, "the end of the event stream");
  expect(stream.ending).toBe("clean");
  const times = sockets.map(({ closedAt }) => closedAt - began).toSorted((a, b) => a - b);
  const [first = 0, second = 0] = times;
  const last = times.at(-1) ?? 0;
  expect(last).toBeGreaterThan(1_000);
  // Some wait for the second half of the time, and some do not.
  expect(times.filter((at) => at >= 800).length).toBeGreaterThanOrEqual(2);
  return Math.max(first, second - 300, last - 1_500);
}
