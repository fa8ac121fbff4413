import { describe, expect, test } from "bun:test";
import { LANES, requestText } from "../helpers/lanes.ts";
import { startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";

const LARGE = 20_000_000;
const HEADS = [
  ["chunked", "Transfer-Encoding: chunked", "5\r\nhello\r\n"],
  ["by length, streamed", `Content-Length: ${LARGE}`, "hello"],
] as const;

describe.each(LANES)("an upstream that breaks off within its answer ($lane lane)", ({ fields }) => {
  describe.each(HEADS)("%s", (_name, framing, part) => {
    test.each(["end", "reset"] as const)("breaks the client's connection (%s)", async (how) => {
      await using origin = RawOrigin.start(({ connection }) => {
        connection.send(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n${part}`);
      });
      await using proxy = await startProxy(origin.port);
      await using client = await RawClient.connect(proxy.port);
      client.send(requestText("GET", "/", fields));
      await client.head();
      await client.until(() => client.unread.includes("hello"), "the first part");
      const { connection } = await origin.exchange();
      connection[how]();
      await client.ended();
      expect(client.unread.toString("latin1")).not.toContain("0\r\n\r\n");
      await proxy.log.until(() => proxy.log.failures.length === 1, "the line of a failed request");
      expect(proxy.log.failures[0]?.facts).toMatchObject({ status: 200, reason: "connection_terminated" });
    });
  });

  test.each(["end", "reset"] as const)("is a 502 while the answer is still being gathered (%s)", async (how) => {
    await using origin = RawOrigin.start(({ connection }) => {
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhello");
      connection[how]();
    });
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    const { status } = await client.request("GET", "/", fields);
    expect(status).toBe(502);
    await proxy.log.failed();
    expect(proxy.log.failures[0]?.facts).toMatchObject({ status: 502, reason: "connection_terminated" });
  });

  test.each(["5\r\nhel", "5\r\nhello", "5\r\nhello\r\n", "5\r\nhello\r\n0"])(
    "is a broken connection after the chunks %j",
    async (chunks) => {
      await using origin = RawOrigin.start(({ connection }) => {
        connection.send(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}`);
        connection.end();
      });
      await using proxy = await startProxy(origin.port);
      await using client = await RawClient.connect(proxy.port);
      client.send(requestText("GET", "/", fields));
      const rest = await client.rest();
      expect(rest.toString("latin1")).not.toContain("0\r\n\r\n");
      await proxy.log.failed();
      expect(proxy.log.failures).toHaveLength(1);
    },
  );

  test("is a broken connection when a chunk has no size", async () => {
    await using origin = RawOrigin.start(({ connection }) => {
      connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nnonsense\r\n");
    });
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    client.send(requestText("GET", "/", fields));
    const rest = await client.rest();
    expect(rest.toString("latin1")).not.toContain("0\r\n\r\n");
  });

  test("an answer that ends with its connection is whole, and complete for the client too", async () => {
    await using origin = RawOrigin.start(({ connection }) => {
      connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhello");
      connection.end();
    });
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    const { body, framing } = await client.request("GET", "/", fields);
    expect([framing, body.toString()]).toEqual(["chunked", "hello"]);
    expect(proxy.log.failures).toEqual([]);
  });
});
