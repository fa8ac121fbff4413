import { describe, expect, setDefaultTimeout, test } from "bun:test";
import http2 from "node:http2";
import tls from "node:tls";
import type { ListenerConfig } from "../../src/config/model.ts";
import { makeAuthority, makeCertificate } from "../helpers/certificates.ts";
import { H2Client } from "../helpers/h2-client.ts";
import { LANES } from "../helpers/lanes.ts";
import { type ProxyUnderTest, startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { valueOf } from "../helpers/raw-head.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";
import { frame, Op, RawOrigin as WebSocketOrigin } from "../helpers/ws-raw.ts";

// Each wait has a deadline of its own; this is for a test that hangs. Five seconds, the default, are too few here.
setDefaultTimeout(30_000);

const CA = makeAuthority();
const SITE = makeCertificate({ names: ["site.test", "127.0.0.1"], by: CA });
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

function secureProxy(port: number, listener: Partial<ListenerConfig> = {}): Promise<ProxyUnderTest> {
  const tlsConfig = [{ serverNames: [], certFile: "site.pem", keyFile: "site.key", ...SITE }];
  return startProxy(port, { listener: { tls: tlsConfig, http2: true, ...listener } });
}

/** The protocol that the listener chooses of those offered. */
async function chosen(port: number, offered: string[]): Promise<string | false | null> {
  const { promise, resolve, reject } = Promise.withResolvers<string | false | null>();
  const socket = tls.connect({ port, host: "127.0.0.1", ca: CA.cert, ALPNProtocols: offered });
  socket.once("secureConnect", () => resolve(socket.alpnProtocol));
  socket.once("error", reject);
  const protocol = await promise;
  socket.destroy();
  return protocol;
}

test("a listener with a certificate chooses HTTP/2 where it is offered, else HTTP/1.1, on one port", async () => {
  await using origin = RawOrigin.start(OK);
  await using proxy = await secureProxy(origin.port);
  expect(await chosen(proxy.port, ["h2", "http/1.1"])).toBe("h2");
  expect(await chosen(proxy.port, ["http/1.1"])).toBe("http/1.1");
  await using old = await RawClient.connect(proxy.port, { tls: true });
  expect((await old.request("GET", "/", ["Host: site.test"])).status).toBe(200);
  await using client = await H2Client.connect(proxy.port, CA.cert);
  expect((await client.open({ ":path": "/" }).answer()).status).toBe(200);
  for (const { head } of origin.exchanges) expect(valueOf(head, "x-forwarded-proto")).toBe("https");
});

describe.each(LANES)("a client over HTTP/2 ($lane lane)", ({ lane }) => {
  const fields = {
    ":authority": "site.test",
    ...(lane === "fetch" && { "user-agent": "test", accept: "*/*" }),
  };

  test("is forwarded as one over HTTP/1.1 is: method, path, :authority as Host, fields, body, status", async () => {
    await using origin = RawOrigin.start("HTTP/1.1 404 Not Found\r\nX-B: 2\r\nContent-Length: 4\r\n\r\nnone");
    await using proxy = await secureProxy(origin.port);
    await using client = await H2Client.connect(proxy.port, CA.cert);
    const sent = { ":method": "PUT", ":path": "/a%20b?c=%2F", "x-a": "1", "content-length": "5", ...fields };
    const answer = await client.open(sent, "hello").answer();
    expect([answer.status, answer.headers["x-b"], answer.body]).toEqual([404, "2", "none"]);
    const exchange = await origin.exchange();
    expect(exchange.head.start).toBe("PUT /a%20b?c=%2F HTTP/1.1");
    expect(valueOf(exchange.head, "host")).toBe("site.test");
    expect(valueOf(exchange.head, "x-a")).toBe("1");
    expect(valueOf(exchange.head, "content-length")).toBe("5");
    expect((await exchange.body()).toString()).toBe("hello");
  });

  test("has many requests in flight on one connection, answered in any order", async () => {
    await using origin = RawOrigin.start(async ({ connection, target }) => {
      if (target === "/0") await origin.until(() => origin.exchanges.length === 50, "the other requests");
      connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${target.length}\r\n\r\n${target}`);
    });
    await using proxy = await secureProxy(origin.port);
    await using client = await H2Client.connect(proxy.port, CA.cert);
    const targets = Array.from({ length: 50 }, (_, i) => `/${i}`);
    const answers = await Promise.all(targets.map((path) => client.open({ ":path": path, ...fields }).answer()));
    expect(answers.map(({ body }) => body)).toEqual(targets);
  });

  test("sees the head of an event stream while the upstream is silent, and each event as it comes", async () => {
    await using origin = RawOrigin.start(({ connection }) => {
      connection.send(CHUNKED.replace("\r\n\r\n", "\r\nContent-Type: text/event-stream\r\n\r\n"));
    });
    await using proxy = await secureProxy(origin.port);
    await using client = await H2Client.connect(proxy.port, CA.cert);
    const stream = client.open({ ":path": "/", ...fields });
    await stream.until(() => stream.status === 200, "the head");
    const { connection } = await origin.exchange();
    for (const event of ["data: 1\n\n", "data: 2\n\n"]) {
      connection.send(`${event.length.toString(16)}\r\n${event}\r\n`);
      await stream.until(() => stream.received.endsWith(event), event);
    }
  });

  test.each([
    ["chunked", CHUNKED, "5\r\nhello\r\n"],
    ["by length", "HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n", "hello"],
  ])("is told by a reset when the upstream breaks off within its answer (%s)", async (_framing, head, part) => {
    await using origin = RawOrigin.start(({ connection }) => connection.send(`${head}${part}`));
    await using proxy = await secureProxy(origin.port);
    await using client = await H2Client.connect(proxy.port, CA.cert);
    const stream = client.open({ ":path": "/", ...fields });
    await stream.until(() => stream.received === "hello", "the first part");
    const { connection } = await origin.exchange();
    connection.reset();
    await stream.until(() => stream.ending !== undefined, "the end of the stream");
    expect(stream.ending).not.toBe("end");
    expect(client.session.destroyed).toBe(false);
  });

  test.each(["/silent", "/streamed"])("cancels the upstream's request with its own (%s)", async (target) => {
    await using origin = RawOrigin.start(({ connection }) => {
      if (target === "/streamed") connection.send(`${CHUNKED}5\r\nhello\r\n`);
    });
    await using proxy = await secureProxy(origin.port);
    await using client = await H2Client.connect(proxy.port, CA.cert);
    const stream = client.open({ ":path": target, ...fields });
    const { connection } = await origin.exchange();
    if (target === "/streamed") await stream.until(() => stream.received !== "", "the first part");
    stream.stream.close(http2.constants.NGHTTP2_CANCEL);
    await connection.ended();
    await proxy.log.until(() => proxy.log.failures.length === 1, "the line of a failed request");
    expect(proxy.log.failures[0]?.facts).toMatchObject({ reason: "client_gone" });
  });

  test("uploads in pieces, each forwarded as it comes", async () => {
    const { promise: first, resolve } = Promise.withResolvers<string>();
    await using origin = RawOrigin.start(async (exchange) => {
      resolve((await exchange.connection.chunk()).toString());
      await exchange.reply(OK);
    });
    await using proxy = await secureProxy(origin.port);
    await using client = await H2Client.connect(proxy.port, CA.cert);
    const stream = client.open({ ":method": "POST", ":path": "/", ...fields }, null);
    stream.stream.write("first");
    expect(await first).toBe("first");
    stream.stream.end("second");
    expect((await stream.answer()).body).toBe("ok");
    expect((await (await origin.exchange()).body()).toString()).toBe("second");
  });
});

test("a request over HTTP/2 is not cut by the listener's idle timeout, nor is one beside it", async () => {
  const silenceMs = 5_000;
  await using origin = RawOrigin.start(async ({ connection, target }) => {
    if (target === "/late") await Bun.sleep(silenceMs);
    connection.send(OK);
  });
  await using proxy = await secureProxy(origin.port, { clientIdleTimeoutMs: 1_000 });
  await using client = await H2Client.connect(proxy.port, CA.cert);
  const late = client.open({ ":path": "/late" });
  expect((await client.open({ ":path": "/" }).answer()).body).toBe("ok");
  await late.until(() => late.ending !== undefined, "the late answer", 2 * silenceMs);
  expect(await late.answer()).toMatchObject({ status: 200, body: "ok" });
  await new Promise((resolve) => client.session.once("close", resolve));
});

test("a WebSocket opens over TLS and HTTP/1.1 beside HTTP/2 on the same port", async () => {
  await using origin = await WebSocketOrigin.start();
  await using proxy = await secureProxy(origin.port);
  await using beside = await H2Client.connect(proxy.port, CA.cert);
  await using client = await RawClient.connect(proxy.port, { tls: true });
  const fields = ["Host: site.test", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"];
  const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
  client.send(`GET /up HTTP/1.1\r\n${[...fields, key].join("\r\n")}\r\n\r\n`);
  const upstream = await origin.next();
  expect(upstream.field("x-forwarded-proto")).toBe("https");
  upstream.accept();
  expect((await client.head()).start).toStartWith("HTTP/1.1 101");
  client.send(frame(Op.text, "hello", { masked: true }));
  expect((await upstream.frame()).payload.toString()).toBe("hello");
  upstream.send(Op.text, "back");
  expect((await client.take(6)).subarray(2).toString()).toBe("back");
  expect(beside.session.destroyed).toBe(false);
});

test("a listener that offers HTTP/3 forwards requests that come so, bodies both ways", async () => {
  await using origin = RawOrigin.start(async (exchange) => {
    const body = await exchange.body();
    exchange.connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body.toString("latin1")}`);
  });
  await using proxy = await secureProxy(origin.port, { http3: true });
  const answer = await fetch(`https://127.0.0.1:${proxy.port}/up`, {
    protocol: "http3",
    // Roots of its own are not taken with it (Bun 1.4.5).
    tls: { rejectUnauthorized: false },
    method: "POST",
    body: "b".repeat(100_000),
    signal: AbortSignal.timeout(10_000),
  });
  expect([answer.status, (await answer.text()).length]).toEqual([200, 100_000]);
  const { head } = await origin.exchange();
  expect(valueOf(head, "x-forwarded-proto")).toBe("https");
});
