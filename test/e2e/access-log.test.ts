import { expect, setDefaultTimeout, test } from "bun:test";
import { ACCESS_LOG_DEFAULTS } from "../../src/config/log-model.ts";
import type {
  AccessLogConfig,
  ListenerConfig,
  MatcherSet,
  RouteConfig,
  UpstreamAddress,
} from "../../src/config/model.ts";
import { LogFile, type Record } from "../helpers/access-log.ts";
import { makeCertificate } from "../helpers/certificates.ts";
import { H2Client } from "../helpers/h2-client.ts";
import { LANES, requestText } from "../helpers/lanes.ts";
import { startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { type Exchange, RawOrigin, refusingPort, type Script } from "../helpers/raw-origin.ts";
import { closePayload, Op, rawClient, RawOrigin as WebSocketOrigin } from "../helpers/ws-raw.ts";

setDefaultTimeout(30_000);

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

interface Setting {
  readonly origin: RawOrigin;
  readonly port: number;
  readonly client: RawClient;
}

/** What a proxy that has stopped has logged: everything, and nothing twice. */
async function recordsOf(script: Script, use: (setting: Setting) => Promise<void>): Promise<readonly Record[]> {
  using file = new LogFile();
  await using origin = RawOrigin.start(script);
  await logging(file, [origin.port], async (port) => {
    await using client = await RawClient.connect(port);
    await use({ origin, port, client });
  });
  return file.records();
}

async function logging(
  file: LogFile,
  ports: readonly number[],
  use: (port: number) => Promise<void>,
  more: { readonly listener?: Partial<ListenerConfig>; readonly routes?: readonly RouteConfig[] } = {},
): Promise<void> {
  const upstreams = ports.map((port): UpstreamAddress => ({ type: "tcp", host: "127.0.0.1", port, tls: false }));
  await using proxy = await startProxy(upstreams, { routes: [file.routeTo(upstreams)], ...more });
  await use(proxy.port);
}

test.each(LANES)("a record tells where a request went, and how long it took ($lane lane)", async ({ lane, fields }) => {
  const [first, second] = await recordsOf(OK, async ({ client }) => {
    for (const target of ["/a?b=1", "//c"]) await client.request("GET", target, fields);
  });
  expect(first).toMatchObject({ status: 200, size: 2, bytes_read: 0, route: "app", request: { proto: "HTTP/1.1" } });
  expect(first?.upstream).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(first?.upstream_latency).toBeGreaterThan(0);
  expect(first?.duration).toBeGreaterThanOrEqual(first?.upstream_latency ?? Number.NaN);
  // Only the exact lane knows of its connections, and the second request finds one that is open.
  if (lane === "exact") {
    expect(first?.upstream_connect).toBeGreaterThan(0);
    expect(first?.upstream_connect).toBeLessThanOrEqual(first?.upstream_latency ?? 0);
    expect(second).not.toHaveProperty("upstream_connect");
  } else expect(first).not.toHaveProperty("upstream_connect");
});

const BODIES = [
  { what: "short", length: "Content-Length: 5", body: "12345", bytes: 5 },
  { what: "chunked", length: "Transfer-Encoding: chunked", body: "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n", bytes: 7 },
  { what: "long", length: "Content-Length: 200000", body: "x".repeat(200_000), bytes: 200_000 },
] as const;

for (const { lane, fields } of LANES) {
  test.each(BODIES)(`bytes_read is what a body had: $what (${lane} lane)`, async ({ length, body, bytes }) => {
    const [record] = await recordsOf(OK, async ({ client, origin }) => {
      await client.request("POST", "/", [...fields, length], body);
      expect((await origin.exchanges[0]?.body())?.length).toBe(bytes);
    });
    expect(record).toMatchObject({ status: 200, bytes_read: bytes, size: 2 });
  });
}

test("bytes_read is what was sent where the client leaves within its body", async () => {
  const [record] = await recordsOf(
    (exchange: Exchange) => exchange.connection.until(() => exchange.connection.ending !== undefined, "the end"),
    async ({ client, origin }) => {
      client.send(requestText("POST", "/", ["Host: a", "Content-Length: 1000000"], "x".repeat(100_000)));
      const { connection } = await origin.exchange();
      await connection.until(() => connection.unread.length >= 100_000, "what was sent of the body");
      client[Symbol.dispose]();
      await connection.until(() => connection.ending !== undefined, "the end at the origin");
    },
  );
  expect(record).toMatchObject({ status: 499, bytes_read: 100_000, error: expect.stringContaining("client_gone") });
});

test("an answer that breaks off counts what went out, and says whose fault it was", async () => {
  const head = "HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n";
  const [record] = await recordsOf(
    ({ connection }) => {
      connection.send(`${head}${"x".repeat(3000)}`);
      connection.end();
    },
    async ({ client }) => {
      client.send(requestText("GET", "/", ["Host: a"]));
      await client.until(() => client.ending !== undefined, "the end");
    },
  );
  expect(record).toMatchObject({ status: 200, size: 3000, error: expect.stringContaining("connection_terminated") });
});

test("a client that leaves within its answer is one line, with what it was sent", async () => {
  const [record] = await recordsOf(
    async ({ connection }) => {
      connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n");
      await connection.until(() => connection.ending !== undefined, "the end");
    },
    async ({ client, origin }) => {
      client.send(requestText("GET", "/", ["Host: a"]));
      await client.until(() => client.unread.includes("data: 1"), "the event");
      client[Symbol.dispose]();
      const { connection } = await origin.exchange();
      await connection.until(() => connection.ending !== undefined, "the end at the origin");
    },
  );
  expect(record).toMatchObject({ status: 200, size: 9, error: expect.stringContaining("client_gone") });
});

test("a request that no peer took tells how often it was tried, and the size of what is said of it", async () => {
  using file = new LogFile();
  await logging(file, [refusingPort(), refusingPort()], async (port) => {
    await using client = await RawClient.connect(port);
    expect((await client.request("GET", "/", ["Host: a"])).body.toString()).toBe("Bad Gateway\n");
    expect((await client.request("HEAD", "/", ["Host: a"])).status).toBe(502);
  });
  const [get, head] = file.records();
  expect(get).toMatchObject({
    status: 502,
    size: 12,
    retries: 1,
    error: expect.stringContaining("connection_refused"),
  });
  expect(get).not.toHaveProperty("upstream_latency");
  expect(head).toMatchObject({ status: 502, size: 0 });
});

test("what is refused before the routes see it is logged as by them", async () => {
  const [record] = await recordsOf(OK, async ({ client }) => {
    await client.request("TRACE", "/x", ["Host: a"]);
  });
  expect(record).toMatchObject({ status: 405, size: 19, error: expect.stringContaining("method_not_allowed") });
});

test("answers of our own tell their sizes", async () => {
  using file = new LogFile();
  const respond = { type: "respond", status: "", body: "gr\u00fcn", close: false } as const;
  const routes = [{ name: "r", match: [], handlers: [file.config(), respond], terminal: false }];
  await logging(file, [], async (port) => void (await (await fetch(`http://127.0.0.1:${port}/`)).text()), { routes });
  expect(file.records()).toMatchObject([{ status: 200, size: 5, bytes_read: 0 }]);
});

test("HTTP/2 is told from HTTP/1, and a request without a Host is one of HTTP/1.0", async () => {
  using file = new LogFile();
  await using origin = RawOrigin.start(OK);
  const certificate = makeCertificate({ names: ["site.test", "127.0.0.1"] });
  const tls = [{ serverNames: [], certFile: "site.pem", keyFile: "site.key", ...certificate }];
  const upstreams = [{ type: "tcp", host: "127.0.0.1", port: origin.port, tls: false } as const];
  {
    const listener = { tls, http2: true };
    await using proxy = await startProxy(upstreams, { routes: [file.routeTo(upstreams)], listener });
    await using client = await H2Client.connect(proxy.port, certificate.cert);
    await client.open({ ":path": "/2" }).answer();
    await using old = await RawClient.connect(proxy.port, { tls: true });
    await old.request("GET", "/1.1", ["Host: site.test"]);
    await using older = await RawClient.connect(proxy.port, { tls: true });
    older.send("GET /1.0 HTTP/1.0\r\n\r\n");
    await older.answer();
  }
  const records = file.records();
  expect(records.map(({ request }) => [request.uri, request.proto])).toEqual([
    ["/2", "HTTP/2.0"],
    ["/1.1", "HTTP/1.1"],
    ["/1.0", "HTTP/1.0"],
  ]);
});

test.each(["client", "upstream"] as const)("a WebSocket is one line at its end, which the %s makes", async (side) => {
  using file = new LogFile();
  await using origin = await WebSocketOrigin.start();
  await logging(file, [origin.port], async (port) => {
    using client = await rawClient(port, []);
    using upstream = await origin.next();
    upstream.accept();
    await client.head();
    for (const text of ["one", "gr\u00fcn"]) {
      client.send(Op.text, text);
      await upstream.frame();
    }
    upstream.send(Op.binary, Buffer.alloc(1000));
    await client.frame();
    const [first, second] = side === "client" ? [client, upstream] : [upstream, client];
    first.send(Op.close, closePayload(4001, "bye"));
    expect((await second.frame()).opcode).toBe(Op.close);
    second.send(Op.close, closePayload(4001, "bye"));
    await client.end();
    await upstream.end();
  });
  const [record] = file.records();
  expect(record).toMatchObject({ status: 101, size: 1000, bytes_read: 8, request: { uri: "/" } });
  expect(record?.upstream_connect).toBeGreaterThan(0);
  expect(record?.websocket).toMatchObject({
    messages_received: 2,
    messages_sent: 1,
    bytes_received: 8,
    bytes_sent: 1000,
    closed_by: side,
    close_code: 4001,
    close_reason: "bye",
    client_close_code: 4001,
    upstream_close_code: 4001,
  });
});

test("a WebSocket that ends without a close frame says so, and whose end it was", async () => {
  using file = new LogFile();
  await using origin = await WebSocketOrigin.start();
  await logging(file, [origin.port], async (port) => {
    using client = await rawClient(port, []);
    using upstream = await origin.next();
    upstream.accept();
    await client.head();
    client[Symbol.dispose]();
    await upstream.end();
  });
  const [record] = file.records();
  expect(record?.websocket).toMatchObject({ closed_by: "client", close_code: 1006, messages_received: 0 });
  expect(record?.websocket).not.toHaveProperty("upstream_close_code");
  expect(record?.error).toContain("client_gone");
});

test("a log of every request holds what no route takes, and a route may say otherwise", async () => {
  using file = new LogFile();
  await using origin = RawOrigin.start(OK);
  const respond = { type: "respond", status: "204", body: "", close: false } as const;
  const off: AccessLogConfig = { ...ACCESS_LOG_DEFAULTS, output: { type: "off" } };
  const path = (pattern: string): MatcherSet => [{ type: "path", patterns: [pattern] }];
  const routes: readonly RouteConfig[] = [
    { name: "access log", match: [], handlers: [file.config({ skip: [path("/skipped")] })], terminal: false },
    { name: "health", match: [path("/health")], handlers: [off, respond], terminal: false },
    { name: "a", match: [path("/a"), path("/skipped")], handlers: [respond], terminal: false },
  ];
  const use = async (port: number): Promise<void> => {
    await using client = await RawClient.connect(port);
    for (const target of ["/a", "/health", "/skipped", "/none"]) await client.request("GET", target, ["Host: a"]);
    // Refused before the routes see it.
    for (const target of ["/a", "/health"]) {
      await using other = await RawClient.connect(port);
      await other.request("TRACE", target, ["Host: a"]);
    }
  };
  await logging(file, [origin.port], use, { routes });
  expect(file.records().map(({ request, status }) => [request.uri, status])).toEqual([
    ["/a", 204],
    ["/none", 404],
    ["/a", 405],
  ]);
});
