import { describe, expect, test } from "bun:test";
import { LANES, requestText } from "../helpers/lanes.ts";
import { startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { valueOf } from "../helpers/raw-head.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";

const LIMIT_MS = 300;
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

describe.each(LANES)("client_body_timeout ($lane lane)", ({ fields }) => {
  const limited = { listener: { clientBodyTimeoutMs: LIMIT_MS } };

  test.each([
    ["Content-Length: 10", "hello"],
    ["Transfer-Encoding: chunked", "5\r\nhello\r\n"],
  ])("ends a body that falls silent (%s): 408, at both ends, and no fault of the upstream", async (framing, begun) => {
    await using origin = RawOrigin.start(({ connection }) => connection.ended());
    await using proxy = await startProxy(origin.port, limited);
    await using client = await RawClient.connect(proxy.port);
    const answer = await client.request("POST", "/", [...fields, framing], begun);
    expect(answer.status).toBe(408);
    expect(valueOf(answer.head, "proxy-status")).toEndWith('details="client_body_timeout"');
    expect(valueOf(answer.head, "connection")).toBe("close");
    await client.ended();
    await (await origin.exchange()).connection.ended();
    expect(proxy.log.failures.map(({ level, facts }) => [level, facts["reason"]])).toEqual([
      ["info", "client_body_timeout"],
    ]);
  });

  test("lets a body that comes slowly come, however long it takes", async () => {
    // Each byte comes long before it, and the last one after it.
    const limitMs = 1_000;
    await using origin = RawOrigin.start(OK);
    await using proxy = await startProxy(origin.port, { listener: { clientBodyTimeoutMs: limitMs } });
    await using client = await RawClient.connect(proxy.port);
    client.send(requestText("POST", "/", [...fields, "Content-Length: 6"]));
    for (let i = 0; i < 6; i++) {
      await Bun.sleep(limitMs / 5);
      client.send(String(i));
    }
    expect((await client.answer()).status).toBe(200);
    expect((await (await origin.exchange()).body()).toString()).toBe("012345");
  });

  test("does not count the time that an upstream takes, for the body or for its answer", async () => {
    const size = 20_000_000;
    await using origin = RawOrigin.start(async (exchange) => {
      exchange.connection.pause();
      await Bun.sleep(2 * LIMIT_MS);
      exchange.connection.resume();
      await exchange.body();
      await Bun.sleep(2 * LIMIT_MS);
      exchange.connection.send(OK);
    });
    await using proxy = await startProxy(origin.port, limited);
    await using client = await RawClient.connect(proxy.port);
    client.send(requestText("POST", "/", [...fields, `Content-Length: ${size}`]));
    client.send(Buffer.alloc(size));
    expect((await client.answer()).status).toBe(200);
    expect(proxy.log.failures).toEqual([]);
  });
});
