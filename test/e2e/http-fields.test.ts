import { describe, expect, test } from "bun:test";
import { LANES } from "../helpers/lanes.ts";
import { type ProxyOptions, startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { type RawHead, valueOf, valuesOf } from "../helpers/raw-head.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";

const OK = "HTTP/1.1 204 No Content\r\n\r\n";

/** What the origin gets of a request with these lines. */
async function received(lines: readonly string[], proxyOptions: ProxyOptions["proxy"] = {}): Promise<RawHead> {
  await using origin = RawOrigin.start(OK);
  await using proxy = await startProxy(origin.port, { proxy: proxyOptions });
  await using client = await RawClient.connect(proxy.port);
  const answer = await client.request("GET", "/", lines);
  expect(answer.status).toBe(204);
  return (await origin.exchange()).head;
}

/** Names that stand in a head, in small letters, sorted. */
function namesOf(head: RawHead): readonly string[] {
  return head.fields.map(([name]) => name.toLowerCase()).sort();
}

const OURS = ["connection", "host", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"];

describe.each(LANES)("a request by the $lane lane", ({ fields }) => {
  const own = fields.map((line) => line.slice(0, line.indexOf(":")).toLowerCase());
  const usual = [...new Set([...OURS, ...own])].sort();

  test.each([
    ["Connection: close"],
    ["Connection: keep-alive"],
    ["Keep-Alive: timeout=5"],
    ["Proxy-Connection: keep-alive"],
    ["Proxy-Authenticate: Basic"],
    ["Proxy-Authorization: Basic eDp5"],
    ["TE: gzip"],
    ["TE: trailers"],
    ["Trailer: X-T"],
    ["Upgrade: h2c"],
    ["Connection: X-A\r\nX-A: b"],
    ["Connection: x-a,,X-B ,\tX-C\r\nX-A: b\r\nX-B: b\r\nX-C: b"],
    ["Connection: close\r\nConnection: X-A\r\nX-A: b"],
    ["Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA"],
  ])("loses %j, which is between its client and the proxy", async (lines) => {
    expect(namesOf(await received([...fields, ...lines.split("\r\n")]))).toEqual(usual);
  });

  test.each(["X-Forwarded-For", "x-forwarded-host, X-FORWARDED-PROTO", "Host", "X-Forwarded-For, Host, close"])(
    "keeps the proxy's own fields whatever Connection names (%s)",
    async (named) => {
      const head = await received([...fields, `Connection: ${named}`, "X-Forwarded-For: 192.0.2.1"]);
      expect(valuesOf(head, "x-forwarded-for")).toEqual(["127.0.0.1"]);
      expect(valuesOf(head, "x-forwarded-proto")).toEqual(["http"]);
      expect(valuesOf(head, "x-forwarded-host")).toEqual(["site.test"]);
      expect(valuesOf(head, "host")).toEqual(["site.test"]);
    },
  );

  test("of a body keeps its length when Connection names Content-Length", async () => {
    await using origin = RawOrigin.start(OK);
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    const lines = [...fields, "Connection: content-length", "Content-Length: 3"];
    expect((await client.request("POST", "/", lines, "abc")).status).toBe(204);
    const exchange = await origin.exchange();
    expect(valueOf(exchange.head, "content-length")).toBe("3");
    expect((await exchange.body()).toString()).toBe("abc");
  });

  test.each([
    ["X_Forwarded_For: 192.0.2.1"],
    ["x_forwarded-host: evil.test"],
    ["X.Forwarded.Proto: https"],
    ["X_Real_IP: 192.0.2.1"],
    ["Remote_User: root"],
    ["Content_Length: 5"],
  ])("loses the lookalike %j", async (line) => {
    const head = await received([...fields, line]);
    expect(namesOf(head)).toEqual(usual);
  });

  test("loses a name with _ where the real one stands beside it, and keeps it where not", async () => {
    const head = await received([...fields, "X_A: 1", "X-B: 2", "X_B: 3", "x.c: 4"]);
    expect(namesOf(head)).toEqual([...usual, "x-b", "x.c", "x_a"].sort());
  });

  test.each(["h2c", "foo", "TLS/1.2", "websocket2"])(
    "to upgrade to %s goes on as an ordinary one",
    async (protocol) => {
      const head = await received([...fields, "Connection: Upgrade", `Upgrade: ${protocol}`]);
      expect(valuesOf(head, "upgrade")).toEqual([]);
      expect(valuesOf(head, "connection")).toEqual(["keep-alive"]);
    },
  );

  test("gets the peer's own X-Forwarded-* where its sender is not trusted", async () => {
    const head = await received([
      ...fields,
      "X-Forwarded-For: 192.0.2.1",
      "X-Forwarded-For: 192.0.2.2",
      "X-Forwarded-Proto: https",
      "X-Forwarded-Host: evil.test",
    ]);
    expect(valuesOf(head, "x-forwarded-for")).toEqual(["127.0.0.1"]);
    expect(valuesOf(head, "x-forwarded-proto")).toEqual(["http"]);
    expect(valuesOf(head, "x-forwarded-host")).toEqual(["site.test"]);
  });

  test("keeps X-Forwarded-* of a trusted sender, whose address is appended", async () => {
    const lines = ["X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 192.0.2.2", "X-Forwarded-Proto: https"];
    const trustedProxies = ["127.0.0.0/8"];
    const head = await received([...fields, ...lines, "X-Forwarded-Host: first.test"], { trustedProxies });
    expect(valuesOf(head, "x-forwarded-for")).toEqual(["192.0.2.1, 192.0.2.2, 127.0.0.1"]);
    expect(valuesOf(head, "x-forwarded-proto")).toEqual(["https"]);
    expect(valuesOf(head, "x-forwarded-host")).toEqual(["first.test"]);
    const without = await received(fields, { trustedProxies });
    expect(valuesOf(without, "x-forwarded-for")).toEqual(["127.0.0.1"]);
    expect(valuesOf(without, "x-forwarded-proto")).toEqual(["http"]);
    expect(valuesOf(without, "x-forwarded-host")).toEqual(["site.test"]);
  });

  test("is not trusted for an address outside of the trusted networks", async () => {
    const head = await received([...fields, "X-Forwarded-For: 192.0.2.1"], {
      trustedProxies: ["10.0.0.0/8", "::1/128"],
    });
    expect(valuesOf(head, "x-forwarded-for")).toEqual(["127.0.0.1"]);
  });

  test.each(["site.test", "site.test:8080", "SITE.Test", "[::1]:80", "127.0.0.1", "a_b.test", "xn--bcher-kva.test"])(
    "passes the Host %s as it is",
    async (host) => {
      const head = await received([`Host: ${host}`, ...fields.slice(1)]);
      expect(valuesOf(head, "host")).toEqual([host]);
      expect(valuesOf(head, "x-forwarded-host")).toEqual([host]);
    },
  );

  test("gets the Host that the configuration gives, and the client's in X-Forwarded-Host", async () => {
    const head = await received(fields, { host: "inner.test:99" });
    expect(valuesOf(head, "host")).toEqual(["inner.test:99"]);
    expect(valuesOf(head, "x-forwarded-host")).toEqual(["site.test"]);
  });
});

describe.each(LANES)("an answer by the $lane lane", ({ fields }) => {
  test.each([
    ["Connection: keep-alive"],
    ["Connection: close"],
    ["Keep-Alive: timeout=5"],
    ["Proxy-Connection: keep-alive"],
    ["Proxy-Authenticate: Basic"],
    ["Proxy-Authorization: x"],
    ["TE: gzip"],
    ["Trailer: X-T"],
    ["Upgrade: h2c"],
    ['Alt-Svc: h3=":443"'],
    ["Connection: X-A, close\r\nX-A: b"],
    ["Connection: Set-Cookie\r\nSet-Cookie: a=b"],
  ])("loses %j, which is between the upstream and the proxy", async (lines) => {
    for (const responseBufferBytes of [100, 0]) {
      await using origin = RawOrigin.start(`HTTP/1.1 200 OK\r\n${lines}\r\nX-Kept: 1\r\nContent-Length: 2\r\n\r\nok`);
      await using proxy = await startProxy(origin.port, { proxy: { responseBufferBytes } });
      await using client = await RawClient.connect(proxy.port);
      const answer = await client.request("GET", "/", fields);
      const framing = responseBufferBytes === 0 ? "transfer-encoding" : "content-length";
      expect(namesOf(answer.head)).toEqual([framing, "date", "x-kept"].sort());
      expect(answer.body.toString()).toBe("ok");
    }
  });

  test("to Expect: 100-continue comes after the proxy's own 100", async () => {
    await using origin = RawOrigin.start(OK);
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    client.send(`POST / HTTP/1.1\r\n${fields.join("\r\n")}\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n`);
    expect((await client.head()).start).toBe("HTTP/1.1 100 Continue");
    client.send("ok");
    expect((await client.answer()).status).toBe(204);
    const exchange = await origin.exchange();
    expect((await exchange.body()).toString()).toBe("ok");
    expect(valuesOf(exchange.head, "expect")).toEqual([]);
  });
});
