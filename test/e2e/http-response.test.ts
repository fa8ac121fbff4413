import { describe, expect, test } from "bun:test";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { LANES } from "../helpers/lanes.ts";
import { startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { valueOf, valuesOf } from "../helpers/raw-head.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";

const STATUSES = Array.from({ length: 400 }, (_, index) => 200 + index);

/** A whole answer with a Content-Length. */
function answerOf(start: string, fields: readonly string[], body: Uint8Array | string): Buffer {
  const bytes = Buffer.from(body);
  const head = [start, ...fields, `Content-Length: ${bytes.length}`].join("\r\n");
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`, "latin1"), bytes]);
}

describe.each(LANES)("an answer to a request forwarded by the $lane lane", ({ fields }) => {
  test("arrives with its status, for every status from 200 to 599", async () => {
    await using origin = RawOrigin.start((exchange) => {
      const status = Number(exchange.target.slice(1));
      const bodiless = status === 204 || status === 304;
      return exchange.reply(
        `HTTP/1.1 ${status} X\r\n${bodiless ? "" : "Content-Length: 3\r\n"}\r\n${bodiless ? "" : status}`,
      );
    });
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    for (const status of STATUSES) {
      const answer = await client.request("GET", `/${status}`, fields);
      expect([status, answer.status]).toEqual([status, status]);
      if (answer.framing !== "none" && status !== 205) expect(answer.body.toString()).toBe(String(status));
    }
  });

  test.each([
    ["an ordinary value", ["X-A: b"], ["b"]],
    ["an empty value", ["X-A:"], [""]],
    ["tabs and spaces within", ["X-A: a \t b"], ["a \t b"]],
    ["Latin-1 bytes", ["X-A: \xe4\xff\xa0x"], ["\xe4\xff\xa0x"]],
    ["UTF-8 bytes", ["X-A: \xc3\xa4"], ["\xc3\xa4"]],
    ["8,000 bytes", [`X-A: ${"v".repeat(8000)}`], ["v".repeat(8000)]],
    ["two lines, joined in order", ["X-A: a", "X-B: c", "x-a: b"], ["a, b"]],
  ])("arrives with %s", async (_what, lines, values) => {
    await using origin = RawOrigin.start(answerOf("HTTP/1.1 200 OK", lines, "x"));
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    const answer = await client.request("GET", "/", fields);
    expect(answer.status).toBe(200);
    expect(valuesOf(answer.head, "x-a")).toEqual(values);
  });

  test("arrives with every Set-Cookie in a line of its own, in order", async () => {
    const cookies = ["a=1; Path=/", "b=2; Expires=Thu, 01 Jan 2026 00:00:00 GMT", "a=3", "c=\xe4"];
    const lines = cookies.map((cookie) => `Set-Cookie: ${cookie}`);
    await using origin = RawOrigin.start(answerOf("HTTP/1.1 200 OK", lines, "x"));
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    const answer = await client.request("GET", "/", fields);
    expect(valuesOf(answer.head, "set-cookie")).toEqual(cookies);
  });

  test.each([
    ["gathered", "x"],
    ["streamed", "y".repeat(2000)],
    ["empty", ""],
  ])("keeps the upstream's Date and Server when its body is %s", async (_how, body) => {
    const date = "Tue, 15 Nov 1994 08:12:31 GMT";
    await using origin = RawOrigin.start(answerOf("HTTP/1.1 200 OK", [`Date: ${date}`, "Server: s/1"], body));
    await using proxy = await startProxy(origin.port, { proxy: { responseBufferBytes: 1000 } });
    await using client = await RawClient.connect(proxy.port);
    const answer = await client.request("GET", "/", fields);
    expect(valuesOf(answer.head, "date")).toEqual([date]);
    expect(valuesOf(answer.head, "server")).toEqual(["s/1"]);
    expect(answer.body.toString()).toBe(body);
  });

  test.each([
    ["gzip", gzipSync("x".repeat(5000))],
    ["br", brotliCompressSync("x".repeat(5000))],
    ["zstd", zstdCompressSync("x".repeat(5000))],
    ["deflate", Buffer.from([1, 2, 3])],
    ["gzip", Buffer.from("not gzip at all")],
    ["unknown", Buffer.from([0, 255])],
  ])("keeps a body of Content-Encoding %s as it is, though its client did not ask for it", async (encoding, body) => {
    for (const responseBufferBytes of [1_000_000, 1]) {
      await using origin = RawOrigin.start(answerOf("HTTP/1.1 200 OK", [`Content-Encoding: ${encoding}`], body));
      await using proxy = await startProxy(origin.port, { proxy: { responseBufferBytes } });
      await using client = await RawClient.connect(proxy.port);
      const answer = await client.request("GET", "/", fields);
      expect(valueOf(answer.head, "content-encoding")).toBe(encoding);
      expect(Buffer.compare(answer.body, body)).toBe(0);
    }
  });

  test("arrives with a redirect's Location, which is not followed", async () => {
    await using origin = RawOrigin.start(answerOf("HTTP/1.1 302 Found", ["Location: /else"], "x"));
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    const answer = await client.request("GET", "/", fields);
    expect([answer.status, valueOf(answer.head, "location")]).toEqual([302, "/else"]);
    expect(origin.exchanges).toHaveLength(1);
  });

  test.each([5, 14_000, 20_000, 900_000, 1_500_000])("of %p bytes without a Content-Type gets none", async (size) => {
    const body = Buffer.alloc(size, "0123456789");
    for (const lines of [[], ["Content-Type: a/b"]]) {
      await using origin = RawOrigin.start(answerOf("HTTP/1.1 200 OK", lines, body));
      await using proxy = await startProxy(origin.port);
      await using client = await RawClient.connect(proxy.port);
      const answer = await client.request("GET", "/", fields);
      const kept = size <= 1024 * 1024;
      expect(answer.framing).toBe(kept ? "length" : "chunked");
      expect(valuesOf(answer.head, "content-type")).toEqual(lines.length === 0 ? [] : ["a/b"]);
      expect(Buffer.compare(answer.body, body)).toBe(0);
    }
  });

  test("brings nothing that the upstream did not send but Date", async () => {
    await using origin = RawOrigin.start(answerOf("HTTP/1.1 200 OK", ["X-A: b"], "x"));
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    const answer = await client.request("GET", "/", fields);
    const names = answer.head.fields.map(([name]) => name.toLowerCase()).sort();
    expect(names).toEqual(["content-length", "date", "x-a"]);
  });
});
