import { describe, expect, test } from "bun:test";
import { LANES } from "../helpers/lanes.ts";
import { startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { valueOf } from "../helpers/raw-head.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";

/** Replies that are no HTTP answer, or not all of one. After each the upstream closes its connection. */
const BROKEN = [
  ["nothing at all", ""],
  ["garbage", "SSH-2.0-OpenSSH\r\n\r\n"],
  ["a body without a head", "hello"],
  ["half a head", "HTTP/1.1 200 OK\r\nX-A: "],
  ["a head without its last line", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n"],
  ["a field name with a space", "HTTP/1.1 200 OK\r\nX A: b\r\nContent-Length: 1\r\n\r\na"],
  ["two lengths that differ", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na"],
  ["a length that is no number", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\na"],
  ["a status past 599", "HTTP/1.1 600 X\r\nContent-Length: 1\r\n\r\na"],
  ["a protocol switch that nobody asked for", "HTTP/1.1 101 X\r\nUpgrade: foo\r\nConnection: upgrade\r\n\r\n"],
  ["less body than its length says", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"],
  ["a head and no body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"],
] as const;

describe.each(LANES)("by the $lane lane", ({ fields }) => {
  test.each(BROKEN)("an upstream that sends %s and closes gives 502", async (_what, bytes) => {
    await using origin = RawOrigin.start((exchange) => {
      exchange.connection.send(bytes);
      exchange.connection.end();
    });
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    const answer = await client.request("GET", "/", fields);
    expect(answer.status).toBe(502);
    expect(valueOf(answer.head, "proxy-status")).toMatch(
      /^gatekeeper; error=(connection_terminated|http_protocol_error); details="\1"$/,
    );
    expect(valueOf(answer.head, "cache-control")).toBe("no-store");
    expect(answer.body.toString()).toBe("Bad Gateway\n");
    await proxy.log.failed();
    expect(proxy.log.failures).toHaveLength(1);
    expect(proxy.log.failures[0]?.facts["status"]).toBe(502);
  });

  test("an upstream that resets its connection gives 502", async () => {
    await using origin = RawOrigin.start((exchange) => exchange.connection.reset());
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    const answer = await client.request("GET", "/", fields);
    await proxy.log.failed();
    expect([answer.status, proxy.log.failures.length]).toEqual([502, 1]);
    expect(proxy.log.failures[0]?.facts["reason"]).toBe("connection_terminated");
  });

  test("an upstream that goes on talking after its answer does not answer the next request with that", async () => {
    const more = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nMORE";
    for (const [method, first] of [
      ["GET", `HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na${more}`],
      ["GET", `HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n${more}`],
      ["HEAD", `HTTP/1.1 200 OK\r\nContent-Length: ${more.length}\r\n\r\n${more}`],
      ["GET", `HTTP/1.1 204 No Content\r\n\r\n${more}`],
      ["GET", `HTTP/1.1 205 Reset Content\r\nContent-Length: ${more.length}\r\n\r\n${more}`],
      ["GET", `HTTP/1.1 304 Not Modified\r\nContent-Length: ${more.length}\r\n\r\n${more}`],
      ["GET", `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n${more}`],
    ] as const) {
      let answered = 0;
      await using origin = RawOrigin.start(({ connection }) =>
        connection.send(answered++ === 0 ? first : "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nGOOD"),
      );
      await using proxy = await startProxy(origin.port);
      await using client = await RawClient.connect(proxy.port);
      expect((await client.request(method, "/", fields)).status).toBe(Number(first.slice(9, 12)));
      expect((await client.request("GET", "/", fields)).body.toString()).toBe("GOOD");
    }
  });

  test("a body where there may be none is not read to its end, which may never come", async () => {
    await using origin = RawOrigin.start(({ connection }) => {
      connection.send("HTTP/1.1 205 Reset Content\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    });
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    expect((await client.request("GET", "/", fields)).status).toBe(205);
    await (await origin.exchange()).connection.ended();
  });

  test("interim answers are left out", async () => {
    await using origin = RawOrigin.start(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" +
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
    );
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    const answer = await client.request("GET", "/", fields);
    expect([answer.status, answer.body.toString(), valueOf(answer.head, "link")]).toEqual([200, "a", undefined]);
  });

  test("a head of 200,000 bytes passes", async () => {
    const long = "a".repeat(200_000);
    await using origin = RawOrigin.start(`HTTP/1.1 200 OK\r\nX-A: ${long}\r\nContent-Length: 1\r\n\r\na`);
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    const answer = await client.request("GET", "/", fields);
    expect(answer.status).toBe(200);
    expect(valueOf(answer.head, "x-a") === long).toBe(true);
  });
});
