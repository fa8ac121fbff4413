import { describe, expect, test } from "bun:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { LANES } from "../helpers/lanes.ts";
import { startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { valueOf, valuesOf } from "../helpers/raw-head.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";

const OK = "HTTP/1.1 204 No Content\r\n\r\n";

/** What the proxy itself adds to such a client's request. */
const ADDED = ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "connection"];

/** Every method that Bun.serve takes (1.4.5) and that is forwarded; others close the connection unanswered. */
const METHODS =
  "GET HEAD POST PUT DELETE PATCH OPTIONS PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK REPORT SEARCH PURGE LINK UNLINK QUERY M-SEARCH ACL BIND UNBIND REBIND MERGE MKACTIVITY MKCALENDAR CHECKOUT NOTIFY SUBSCRIBE UNSUBSCRIBE SOURCE";

/** Targets that arrive byte for byte. */
const TARGETS = [
  "/",
  "/a/b",
  "/a//b",
  "//a",
  "///a",
  "//a//",
  "/a/",
  "/?",
  "/a?",
  "/a??b",
  "/a?b=c&b=d",
  "/a?b=/../c",
  "/a?b=//c",
  "/a?x=%zz",
  "/%zz",
  "/%",
  "/%2f%2F",
  "/%5c",
  "/a%20b",
  "/a+b",
  "/%41",
  "/a;b=c",
  "/a:b@c",
  "/~!$&'()*,=",
  "/%C3%BC",
  "/%ff",
  "/%00",
  "/a?%00",
  "/a?%C3%BC",
  "/a?a[]=1&b={x}",
  "/a?a|b^c`d",
  "/%EF%BF%BD",
  "/a|b",
  "/a[b]",
  "/a'b",
  "/...",
  "/.a",
  "/a.",
  "/a..b",
  "/%2525",
  `/${"x".repeat(6000)}`,
  `/?${"y".repeat(6000)}`,
];

describe.each(LANES)("a request forwarded by the $lane lane", ({ fields }) => {
  test("arrives with its method, for every method that Bun can receive", async () => {
    await using origin = RawOrigin.start(OK);
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    const methods = METHODS.split(" ");
    for (const method of methods) {
      client.send(`${method} /m HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`);
      const answer = await client.answer(method);
      expect([method, answer.status]).toEqual([method, 204]);
    }
    expect(origin.exchanges.map(({ method }) => method)).toEqual(methods);
  });

  test.each(TARGETS)("arrives with its target %p", async (target) => {
    await using origin = RawOrigin.start(OK);
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    const answer = await client.request("GET", target, fields);
    expect(answer.status).toBe(204);
    expect(origin.exchanges[0]?.target).toBe(target);
  });

  test.each([
    ['/a"<>^`{}\x7f', "/a%22%3C%3E%5E%60%7B%7D%7F"],
    ["/a?\"'<>\x7f", "/a?%22%27%3C%3E%7F"],
    ["/\xc3\xa4?\xc3\xa4", "/%C3%A4?%C3%A4"],
  ])("arrives percent-encoded where %p is no URL (RFC 3986), as Bun hands it over", async (target, encoded) => {
    await using origin = RawOrigin.start(OK);
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    await client.request("GET", target, fields);
    expect(origin.exchanges[0]?.target).toBe(encoded);
  });

  test.each([
    ["an ordinary value", ["X-A: b"], ["b"]],
    ["an empty value", ["X-A:"], [""]],
    ["spaces and tabs within", ["X-A: a \t b"], ["a \t b"]],
    ["no spaces around it", ["X-A: \t a \t "], ["a"]],
    ["Latin-1 bytes", ["X-A: \xe4\xff\xa0x"], ["\xe4\xff\xa0x"]],
    ["UTF-8 bytes", ["X-A: \xc3\xa4"], ["\xc3\xa4"]],
    ["8,000 bytes", [`X-A: ${"v".repeat(8000)}`], ["v".repeat(8000)]],
    ["quotes, commas and semicolons", ['X-A: "a,b";c=d, e'], ['"a,b";c=d, e']],
    ["two lines, joined in order", ["X-A: a", "X-B: c", "x-a: b"], ["a, b"]],
  ])("arrives with %s", async (_what, lines, values) => {
    await using origin = RawOrigin.start(OK);
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    const answer = await client.request("GET", "/", [...fields, ...lines]);
    expect(answer.status).toBe(204);
    const { head } = await origin.exchange();
    expect(valuesOf(head, "x-a")).toEqual(values);
  });

  test("arrives with its cookies in one line", async () => {
    await using origin = RawOrigin.start(OK);
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    await client.request("GET", "/", [...fields, "Cookie: a=1; b=2", "Cookie: c=\xe4"]);
    const { head } = await origin.exchange();
    expect(valuesOf(head, "cookie")).toEqual(["a=1; b=2; c=\xe4"]);
  });

  test("arrives with nothing that its client did not send but X-Forwarded-*", async () => {
    await using origin = RawOrigin.start(OK);
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    await client.request("GET", "/", fields);
    await client.request("POST", "/", [...fields, "Content-Length: 1"], "x");
    await client.request("POST", "/", [...fields, "Transfer-Encoding: chunked"], "1\r\nx\r\n0\r\n\r\n");
    const own = fields.map((line) => line.slice(0, line.indexOf(":")).toLowerCase());
    const sent = origin.exchanges.map(({ head }) => head.fields.map(([name]) => name.toLowerCase()).sort());
    expect(sent).toEqual([
      [...own, ...ADDED].sort(),
      [...own, ...ADDED, "content-length"].sort(),
      [...own, ...ADDED, "transfer-encoding"].sort(),
    ]);
  });

  test.each([
    ["plain bytes", undefined, Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
    ["gzip", "gzip", gzipSync("x".repeat(5000))],
    ["zstd", "zstd", zstdCompressSync("x".repeat(5000))],
    ["a megabyte", undefined, Buffer.alloc(1_000_000, "0123456789")],
  ])("arrives with its body of %s", async (_what, encoding, body) => {
    await using origin = RawOrigin.start(OK);
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    const lines = [...fields, `Content-Length: ${body.length}`];
    if (encoding !== undefined) lines.push(`Content-Encoding: ${encoding}`);
    client.send(`POST / HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
    client.send(body);
    expect((await client.answer()).status).toBe(204);
    const exchange = await origin.exchange();
    expect(Buffer.compare(await exchange.body(), body)).toBe(0);
    expect(valueOf(exchange.head, "content-encoding")).toBe(encoding);
    expect(valueOf(exchange.head, "content-type")).toBeUndefined();
  });
});
