import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { LANES, requestText } from "../helpers/lanes.ts";
import { startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";

// Each wait has a deadline of its own; this is for a test that hangs. Five seconds, the default, are too few here.
setDefaultTimeout(30_000);

/** Bun counts in whole seconds, by a timer that looks every 4 s (1.4.5). */
const IDLE_MS = 1_000;
/** Longer than any look of that timer after the limit. */
const SILENCE_MS = 9_000;
const listener = { clientIdleTimeoutMs: IDLE_MS };
const DEADLINE_MS = 15_000;

describe.concurrent.each(LANES)("idle connections ($lane lane)", ({ fields }) => {
  test.concurrent(
    "a listener never cuts a request that waits for its answer, nor a stream between two pieces",
    async () => {
      await using origin = RawOrigin.start(async ({ connection, target }) => {
        if (target === "/late") await Bun.sleep(SILENCE_MS);
        connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
        if (target === "/stream") await Bun.sleep(SILENCE_MS);
        connection.send("6\r\nsecond\r\n0\r\n\r\n");
      });
      await using proxy = await startProxy(origin.port, { listener });
      const bodies = ["/late", "/stream"].map(async (target) => {
        await using client = await RawClient.connect(proxy.port);
        client.send(requestText("GET", target, fields));
        await client.until(() => client.unread.includes("\r\n0\r\n\r\n"), target, DEADLINE_MS);
        return (await client.answer()).body.toString();
      });
      expect(await Promise.all(bodies)).toEqual(["firstsecond", "firstsecond"]);
      expect(proxy.log.failures).toEqual([]);
    },
  );

  test.concurrent.each([
    ["gathered", 40_000_000],
    ["streamed", 1_000],
  ])("a listener never cuts a client that reads slowly (%s)", async (_name, responseBufferBytes) => {
    const size = 30_000_000;
    await using origin = RawOrigin.start(({ connection }) => {
      connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
      connection.send(Buffer.alloc(size));
    });
    await using proxy = await startProxy(origin.port, { listener, proxy: { responseBufferBytes } });
    await using client = await RawClient.connect(proxy.port);
    client.send(requestText("GET", "/", fields));
    // A part, then nothing for longer than the limit, then the rest.
    await client.until(() => client.receivedBytes > 0, "the first bytes");
    client.pause();
    await Bun.sleep(SILENCE_MS);
    client.resume();
    expect((await client.answer()).body.length).toBe(size);
  });

  test.concurrent("a listener never cuts an upload that pauses", async () => {
    await using origin = RawOrigin.start(async (exchange) => {
      const { connection } = exchange;
      await connection.until(() => connection.unread.length >= 6, "the upload", DEADLINE_MS);
      await exchange.reply("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone");
    });
    await using proxy = await startProxy(origin.port, { listener });
    await using client = await RawClient.connect(proxy.port);
    client.send(requestText("POST", "/", [...fields, "Content-Length: 6"], "abc"));
    await Bun.sleep(SILENCE_MS);
    client.send("def");
    expect((await client.answer()).body.toString()).toBe("done");
  });

  test.concurrent.each([
    ["short", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"],
    ["gathered", `HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n${"x".repeat(50_000)}`],
    ["streamed", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"],
    ["without a body", "HTTP/1.1 204 No Content\r\n\r\n"],
  ])("a listener closes a connection that was kept alive after its answer (%s)", async (_name, answer) => {
    await using origin = RawOrigin.start(answer);
    await using proxy = await startProxy(origin.port, { listener });
    await using client = await RawClient.connect(proxy.port);
    expect((await client.request("GET", "/", fields)).status).toBeLessThan(300);
    await client.until(() => client.ending !== undefined, "the end of the idle connection", DEADLINE_MS);
  });

  test.concurrent(
    "upstream connections are closed after the configured idle time, which cuts no answer that takes longer",
    async () => {
      await using origin = RawOrigin.start(async (exchange) => {
        await Bun.sleep(2_500);
        await exchange.reply("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      });
      await using proxy = await startProxy(origin.port, {
        proxy: { keepAlive: { idleTimeoutMs: 1_000, poolSize: 128 } },
      });
      await using client = await RawClient.connect(proxy.port);
      expect((await client.request("GET", "/", fields)).status).toBe(200);
      const { connection } = await origin.exchange();
      await connection.until(() => connection.ending !== undefined, "the end of the idle connection", 10_000);
    },
  );
});

test.concurrent("a listener that closes idle connections closes one that sends no request at all", async () => {
  await using origin = RawOrigin.start("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  await using proxy = await startProxy(origin.port, { listener });
  await using silent = await RawClient.connect(proxy.port);
  await using half = await RawClient.connect(proxy.port);
  half.send("GET / HTTP/1.1\r\nHost: site.test\r\n");
  await silent.until(() => silent.ending !== undefined, "the end of the silent connection", DEADLINE_MS);
  await half.until(() => half.ending !== undefined, "the end of the connection with half a head", DEADLINE_MS);
});
