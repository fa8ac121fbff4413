import { describe, expect, test } from "bun:test";
import { LANES, requestText } from "../helpers/lanes.ts";
import { startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";

const LIMIT_MS = 150;
/** One that is to cut nothing: far above what a busy machine makes of no time at all. */
const PATIENT_MS = 600;
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

describe.each(LANES)("limits on an attempt ($lane lane)", ({ fields }) => {
  const readMs = { timeouts: { dialMs: 3_000, responseHeaderMs: 0, readMs: LIMIT_MS, writeMs: 0 } };
  const headMs = { timeouts: { dialMs: 3_000, responseHeaderMs: LIMIT_MS, readMs: 0, writeMs: 0 } };
  const patientReadMs = { timeouts: { dialMs: 3_000, responseHeaderMs: 0, readMs: PATIENT_MS, writeMs: 0 } };
  const patientHeadMs = { timeouts: { dialMs: 3_000, responseHeaderMs: PATIENT_MS, readMs: 0, writeMs: 0 } };

  test("read_timeout cuts a streamed body that falls silent, at both ends", async () => {
    await using origin = RawOrigin.start(({ connection }) => connection.send(`${CHUNKED}5\r\nhello\r\n`));
    await using proxy = await startProxy(origin.port, { proxy: readMs });
    await using client = await RawClient.connect(proxy.port);
    client.send(requestText("GET", "/", fields));
    const began = performance.now();
    const rest = (await client.rest()).toString("latin1");
    expect(performance.now() - began).toBeGreaterThan(LIMIT_MS - 20);
    expect(rest).toContain("hello");
    expect(rest).not.toContain("0\r\n\r\n");
    await (await origin.exchange()).connection.ended();
    await proxy.log.failed();
    expect(proxy.log.failures[0]?.facts).toMatchObject({ reason: "read_timeout" });
  });

  test("read_timeout answers 504 for a body that falls silent while it is gathered", async () => {
    await using origin = RawOrigin.start(({ connection }) => {
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
    });
    await using proxy = await startProxy(origin.port, { proxy: readMs });
    await using client = await RawClient.connect(proxy.port);
    expect((await client.request("GET", "/", fields)).status).toBe(504);
    await (await origin.exchange()).connection.ended();
    await proxy.log.failed();
    expect(proxy.log.failures[0]?.facts).toMatchObject({ reason: "read_timeout" });
  });

  test("read_timeout does not count the time that a client takes to read", async () => {
    const size = 20_000_000;
    await using origin = RawOrigin.start(({ connection }) => {
      connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
      connection.send(Buffer.alloc(size));
    });
    await using proxy = await startProxy(origin.port, { proxy: patientReadMs });
    await using client = await RawClient.connect(proxy.port);
    client.pause();
    client.send(requestText("GET", "/", fields));
    await origin.exchange();
    await Bun.sleep(1.5 * PATIENT_MS);
    client.resume();
    expect((await client.answer()).body.length).toBe(size);
    expect(proxy.log.failures).toEqual([]);
  });

  test("read_timeout leaves alone a body that speaks now and then", async () => {
    await using origin = RawOrigin.start(async ({ connection }) => {
      connection.send(CHUNKED);
      for (let i = 0; i < 6; i++) {
        await Bun.sleep(PATIENT_MS / 4);
        connection.send("5\r\nhello\r\n");
      }
      connection.send("0\r\n\r\n");
    });
    await using proxy = await startProxy(origin.port, { proxy: patientReadMs });
    await using client = await RawClient.connect(proxy.port);
    expect((await client.request("GET", "/", fields)).body.toString()).toBe("hello".repeat(6));
  });

  test("response_header_timeout answers 504 when no head comes, and ends the attempt", async () => {
    await using origin = RawOrigin.start(() => {});
    await using proxy = await startProxy(origin.port, { proxy: headMs });
    await using client = await RawClient.connect(proxy.port);
    expect((await client.request("GET", "/", fields)).status).toBe(504);
    await (await origin.exchange()).connection.ended();
    await proxy.log.failed();
    expect(proxy.log.failures[0]?.facts).toMatchObject({ reason: "http_response_timeout" });
  });

  test("response_header_timeout lets a body take longer, which still ends with its client", async () => {
    await using origin = RawOrigin.start(({ connection }) => connection.send(`${CHUNKED}5\r\nhello\r\n`));
    await using proxy = await startProxy(origin.port, { proxy: patientHeadMs });
    await using client = await RawClient.connect(proxy.port);
    client.send(requestText("GET", "/", fields));
    await client.head();
    const { connection } = await origin.exchange();
    await Bun.sleep(1.5 * PATIENT_MS);
    connection.send("5\r\nworld\r\n");
    await client.until(() => client.unread.includes("world"), "the second piece");
    client.reset();
    await connection.ended();
  });
});
