import { describe, expect, test } from "bun:test";
import { LANES, requestText } from "../helpers/lanes.ts";
import { startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";

const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

describe.each(LANES)("a client that goes away ($lane lane)", ({ fields }) => {
  // What is closed with nothing unread sends FIN (Ctrl-C of a waiting curl), a process that was killed a reset.
  test.each(["end", "reset"] as const)("before the head of the answer (%s): 499 in the log", async (how) => {
    await using origin = RawOrigin.start(() => {});
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    client.send(requestText("GET", "/", fields));
    const { connection } = await origin.exchange();
    client[how]();
    await connection.ended();
    await proxy.log.until(() => proxy.log.failures.length === 1, "the line of a failed request");
    expect(proxy.log.failures[0]?.facts).toMatchObject({ status: 499, reason: "client_gone" });
  });

  test("within an answer that is being gathered", async () => {
    await using origin = RawOrigin.start(({ connection, target }) => {
      connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${target === "/short" ? 3 : 1000}\r\n\r\nabc`);
    });
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    client.send(requestText("GET", "/", fields));
    const { connection } = await origin.exchange();
    // Nothing of it reaches the client yet; once a later answer has, the proxy has its head too.
    await using other = await RawClient.connect(proxy.port);
    expect((await other.request("GET", "/short", fields)).status).toBe(200);
    client.reset();
    await connection.ended();
    await proxy.log.until(() => proxy.log.failures.length === 1, "the line of a failed request");
    expect(proxy.log.failures[0]?.facts).toMatchObject({ status: 499, reason: "client_gone" });
  });

  test.each([
    ["chunked", CHUNKED],
    ["by length", "HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n"],
  ])("within an answer that is streamed, %s", async (framing, head) => {
    await using origin = RawOrigin.start(({ connection }) => {
      connection.send(`${head}${framing === "chunked" ? "3\r\nabc\r\n" : "abc"}`);
    });
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    client.send(requestText("GET", "/", fields));
    await client.head();
    const { connection } = await origin.exchange();
    client.reset();
    await connection.ended();
    await proxy.log.until(() => proxy.log.failures.length === 1, "the line of a failed request");
    expect(proxy.log.failures[0]?.facts).toMatchObject({ reason: "client_gone" });
  });

  test.each(["Content-Length: 1000000", "Transfer-Encoding: chunked"])("within an upload (%s)", async (framing) => {
    await using origin = RawOrigin.start(() => {});
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    client.send(requestText("POST", "/", [...fields, framing], framing.startsWith("T") ? "3\r\nabc\r\n" : "abc"));
    const { connection, head } = await origin.exchange();
    await connection.until(() => connection.unread.includes("abc"), "the first piece of the body");
    client.reset();
    await connection.ended();
    expect(connection.unread.toString("latin1").endsWith("0\r\n\r\n")).toBe(false);
    expect(head.text).toContain(framing.startsWith("T") ? "chunked" : "1000000");
    await proxy.log.until(() => proxy.log.failures.length === 1, "the line of a failed request");
    expect(proxy.log.failures[0]?.facts).toMatchObject({ status: 499, reason: "client_gone" });
  });
});
