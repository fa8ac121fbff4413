import { describe, expect, test } from "bun:test";
import { LANES } from "../helpers/lanes.ts";
import { startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { requestFraming, valueOf, valuesOf } from "../helpers/raw-head.ts";
import { type Exchange, RawOrigin } from "../helpers/raw-origin.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const BODY = Buffer.alloc(200_000, "0123456789abcdefghijklmnopqrstuvw");

/** With limits the body is passed on piece by piece by ourselves. */
const WITH_AND_WITHOUT_LIMITS = [0, 5_000].map((limitMs) => ({
  proxy: { timeouts: { dialMs: 3_000, responseHeaderMs: limitMs, readMs: 0, writeMs: limitMs } },
}));

/** Answers when the test is done with the body, which it reads from the connection itself. */
function gatedOrigin(): { readonly origin: RawOrigin; readonly open: () => void } {
  const { promise: gate, resolve } = Promise.withResolvers<void>();
  const origin = RawOrigin.start(async ({ connection }: Exchange) => {
    await gate;
    connection.send(`${OK.slice(0, -4)}Connection: close\r\n\r\nok`);
    connection.end();
    await connection.ended();
  });
  return { origin, open: resolve };
}

describe.each(LANES)("a request's body by the $lane lane", ({ fields }) => {
  const head = (method: string, ...lines: string[]) =>
    `${method} / HTTP/1.1\r\n${[...fields, ...lines].join("\r\n")}\r\n\r\n`;

  test.each(["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "REPORT", "QUERY"])(
    "of %s with Content-Length arrives with that length",
    async (method) => {
      for (const options of WITH_AND_WITHOUT_LIMITS) {
        await using origin = RawOrigin.start(OK);
        await using proxy = await startProxy(origin.port, options);
        await using client = await RawClient.connect(proxy.port);
        for (const size of [1, 100, BODY.length]) {
          client.send(head(method, `Content-Length: ${size}`));
          client.send(BODY.subarray(0, size));
          expect((await client.answer()).status).toBe(200);
          const exchange = origin.exchanges.at(-1) as Exchange;
          expect(exchange.method).toBe(method);
          expect(valuesOf(exchange.head, "content-length")).toEqual([String(size)]);
          expect(valuesOf(exchange.head, "transfer-encoding")).toEqual([]);
          expect(Buffer.compare(await exchange.body(), BODY.subarray(0, size))).toBe(0);
        }
      }
    },
  );

  test.each(["POST", "DELETE", "OPTIONS", "PROPFIND"])("of %s that is chunked arrives chunked", async (method) => {
    for (const options of WITH_AND_WITHOUT_LIMITS) {
      await using origin = RawOrigin.start(OK);
      await using proxy = await startProxy(origin.port, options);
      await using client = await RawClient.connect(proxy.port);
      for (const chunks of [["a"], ["a", "bc", "d".repeat(100_000)], []]) {
        client.send(head(method, "Transfer-Encoding: chunked"));
        for (const chunk of chunks) client.send(`${chunk.length.toString(16)}\r\n${chunk}\r\n`);
        client.send("0\r\n\r\n");
        expect((await client.answer()).status).toBe(200);
        const exchange = origin.exchanges.at(-1) as Exchange;
        expect(valuesOf(exchange.head, "content-length")).toEqual([]);
        expect(valueOf(exchange.head, "transfer-encoding")).toBe("chunked");
        expect((await exchange.body()).toString()).toBe(chunks.join(""));
      }
    }
  });

  test("that is none stays none, and one of no bytes keeps Content-Length: 0", async () => {
    await using origin = RawOrigin.start(OK);
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    for (const method of ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      client.send(head(method, "Content-Length: 0"));
      expect((await client.answer()).status).toBe(200);
      const zero = origin.exchanges.at(-1) as Exchange;
      expect([method, valuesOf(zero.head, "content-length"), requestFraming(zero.head)]).toEqual([
        method,
        ["0"],
        "length",
      ]);
      client.send(head(method));
      expect((await client.answer()).status).toBe(200);
      const none = origin.exchanges.at(-1) as Exchange;
      // Bun's fetch says that a missing body has 0 bytes, which RFC 9110 8.6 asks of a POST and lets anyone do.
      expect(["none", "length"]).toContain(requestFraming(none.head));
      expect((await none.body()).length).toBe(0);
    }
  });

  test("with a length streams: the upstream has the first piece before the client sends the last", async () => {
    const { origin: gated, open } = gatedOrigin();
    await using origin = gated;
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    client.send(`${head("POST", "Content-Length: 10")}first`);
    const { connection } = await origin.exchange();
    expect((await connection.take(5)).toString()).toBe("first");
    client.send("-last");
    expect((await connection.take(5)).toString()).toBe("-last");
    open();
    expect((await client.answer()).status).toBe(200);
  });

  test("that is chunked streams chunk by chunk", async () => {
    const { origin: gated, open } = gatedOrigin();
    await using origin = gated;
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    client.send(`${head("POST", "Transfer-Encoding: chunked")}5\r\nfirst\r\n`);
    const { connection } = await origin.exchange();
    expect((await connection.chunk()).toString()).toBe("first");
    client.send("4\r\nnext\r\n");
    expect((await connection.chunk()).toString()).toBe("next");
    client.send("0\r\n\r\n");
    expect((await connection.chunk()).toString()).toBe("");
    open();
    expect((await client.answer()).status).toBe(200);
  });

  test.each(WITH_AND_WITHOUT_LIMITS)(
    "waits for an upstream that does not read, and then arrives whole",
    async (options) => {
      const size = 64 * 1024 * 1024;
      const { origin: gated, open } = gatedOrigin();
      await using origin = gated;
      await using proxy = await startProxy(origin.port, options);
      await using client = await RawClient.connect(proxy.port);
      client.send(head("POST", `Content-Length: ${size}`));
      const { connection } = await origin.exchange();
      connection.pause();
      client.send(Buffer.alloc(size, "x"));
      // The client comes to a halt: what it has not sent stays the same over many turns of the event loop.
      let before = -1;
      for (let same = 0; same < 20;) {
        await Bun.sleep(5);
        same = client.unsentBytes === before ? same + 1 : 0;
        before = client.unsentBytes;
      }
      expect(before).toBeGreaterThan(size / 2);
      connection.resume();
      expect((await connection.take(size)).length).toBe(size);
      open();
      expect((await client.answer()).status).toBe(200);
    },
  );

  test("that its client breaks off breaks the upstream's connection too, and nothing is answered", async () => {
    for (const framing of ["Content-Length: 10", "Transfer-Encoding: chunked"]) {
      const { origin: gated, open } = gatedOrigin();
      await using origin = gated;
      await using proxy = await startProxy(origin.port);
      await using client = await RawClient.connect(proxy.port);
      client.send(`${head("POST", framing)}3\r\nabc\r\n`);
      const { connection } = await origin.exchange();
      await connection.until(() => connection.unread.includes("abc"), "the first piece");
      client.reset();
      await connection.ended();
      await proxy.log.until(() => proxy.log.failures.length > 0, "the request to be logged");
      expect(proxy.log.failures.map(({ facts }) => facts["reason"])).toEqual(["client_gone"]);
      open();
    }
  });
});
