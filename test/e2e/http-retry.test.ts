import { describe, expect, test } from "bun:test";
import { LANES } from "../helpers/lanes.ts";
import { startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { RawOrigin, refusingPort } from "../helpers/raw-origin.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

describe.each(LANES)("by the $lane lane, a request whose first peer", ({ fields }) => {
  test("refuses the connection reaches the second, whatever its method", async () => {
    await using origin = RawOrigin.start(OK);
    await using proxy = await startProxy([refusingPort(), origin.port]);
    await using client = await RawClient.connect(proxy.port);
    for (const method of ["GET", "DELETE", "GET", "OPTIONS", "GET", "HEAD"]) {
      const answer = await client.request(method, "/", fields);
      expect([method, answer.status]).toEqual([method, 200]);
    }
    expect(proxy.log.failures).toEqual([]);
  });

  // With limits the body is passed on piece by piece.
  test.each([0, 5_000])("refuses the connection reaches the second with its whole body, limits %d ms", async (ms) => {
    const proxyOptions = { timeouts: { dialMs: 3_000, responseHeaderMs: ms, readMs: 0, writeMs: ms } };
    const body = Buffer.alloc(300_000, "0123456789abcdefghijklmnopqrstuvw");
    for (const framing of [`Content-Length: ${body.length}`, "Transfer-Encoding: chunked"]) {
      await using origin = RawOrigin.start(OK);
      await using proxy = await startProxy([refusingPort(), origin.port], { proxy: proxyOptions });
      await using client = await RawClient.connect(proxy.port);
      // In turn: the first of these two is for the peer that refuses, the second for the other.
      for (let round = 0; round < 2; round++) {
        client.send(`POST / HTTP/1.1\r\n${fields.join("\r\n")}\r\n${framing}\r\n\r\n`);
        const isChunked = framing.startsWith("T");
        if (isChunked) client.send(`${body.length.toString(16)}\r\n`);
        client.send(body);
        if (isChunked) client.send("\r\n0\r\n\r\n");
        expect((await client.answer()).status).toBe(200);
        const received = await (await origin.exchange(round + 1)).body();
        expect(Buffer.compare(received, body)).toBe(0);
      }
      expect(proxy.log.failures).toEqual([]);
    }
  });

  test("closes before it answers is not sent again: it may have been carried out", async () => {
    for (const method of ["POST", "PUT", "PATCH"]) {
      await using first = RawOrigin.start(async (exchange) => {
        await exchange.body();
        exchange.connection.end();
      });
      await using second = RawOrigin.start(OK);
      await using proxy = await startProxy([first.port, second.port]);
      await using client = await RawClient.connect(proxy.port);
      expect((await client.request(method, "/", [...fields, "Content-Length: 1"], "x")).status).toBe(502);
      expect([first.exchanges.length, second.exchanges.length]).toEqual([1, 0]);
      await proxy.log.failed();
      expect(proxy.log.failures.map(({ facts }) => facts["reason"])).toEqual(["connection_terminated"]);
    }
  });

  test("refuses, and so does the last, gives one 502 and one line in the log", async () => {
    await using proxy = await startProxy([refusingPort(), refusingPort(), refusingPort()]);
    await using client = await RawClient.connect(proxy.port);
    expect((await client.request("GET", "/", fields)).status).toBe(502);
    await proxy.log.failed();
    expect(proxy.log.failures.map(({ facts }) => [facts["reason"], facts["attempts"]])).toEqual([
      ["connection_refused", 3],
    ]);
  });

  test("refuses is tried no more often than is configured", async () => {
    await using origin = RawOrigin.start(OK);
    await using proxy = await startProxy([refusingPort(), origin.port], { proxy: { maxAttempts: 1 } });
    await using client = await RawClient.connect(proxy.port);
    expect((await client.request("GET", "/", fields)).status).toBe(502);
    expect((await client.request("GET", "/", fields)).status).toBe(200);
  });
});
