import { expect, test } from "bun:test";
import type { HandlerConfig, ResponseHandlerConfig, ReverseProxyConfig, RouteConfig } from "../../src/config/model.ts";
import { LANES, requestText } from "../helpers/lanes.ts";
import { type ProxyUnderTest, reverseProxy, startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { valueOf } from "../helpers/raw-head.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";
import { until } from "../helpers/streams.ts";

const [{ fields }] = LANES;
const UPGRADE = [
  "Host: example.com",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

const NO_EDITS = { add: [], set: [], remove: [], replace: [], default: [] };
const respond = (body: string, status = ""): HandlerConfig => ({ type: "respond", status, body, close: false });
const header = (field: string, value: string): HandlerConfig => ({
  type: "header",
  edits: { ...NO_EDITS, set: [{ field, value }] },
  deferred: false,
});

/** Routes for answers of some statuses. */
function on(statuses: readonly number[], ...handlers: readonly HandlerConfig[]): ResponseHandlerConfig {
  return { statuses, fields: [], then: { type: "routes", routes: [route(...handlers)] } };
}

function route(...handlers: readonly HandlerConfig[]): RouteConfig {
  return { name: "r", match: [], handlers, terminal: false };
}

/** Answers with the status that the path names, and with what else a proxy must not lose. */
function startOrigin(): RawOrigin {
  return RawOrigin.start(async (exchange) => {
    const status = /\/(\d{3})/.exec(exchange.target)?.[1] ?? "200";
    const body = `origin ${exchange.method} ${exchange.target}`;
    await exchange.body();
    const length = status === "304" ? "" : `Content-Length: ${body.length}\r\n`;
    const hasBody = exchange.method !== "HEAD" && status !== "304";
    exchange.connection.send(`HTTP/1.1 ${status} X\r\nX-Up: up\r\nX-Down: a\r\n${length}\r\n${hasBody ? body : ""}`);
  });
}

async function ask(proxy: ProxyUnderTest, target: string, method = "GET", body = "") {
  await using client = await RawClient.connect(proxy.port);
  const length = body === "" ? [] : [`Content-Length: ${body.length}`];
  const { status, head, body: bytes } = await client.request(method, target, [...fields, ...length], body);
  return { status, head, text: bytes.toString() };
}

async function start(
  origin: RawOrigin,
  onResponse: readonly ResponseHandlerConfig[],
  more: Partial<ReverseProxyConfig> = {},
) {
  return await startProxy(origin.port, { proxy: { onResponse, ...more } });
}

test("the first handler that an answer's status and fields are for answers in its place, and others pass", async () => {
  await using origin = startOrigin();
  const byField: ResponseHandlerConfig = {
    statuses: [4],
    fields: [{ field: "x-up", values: ["no*"] }],
    then: { type: "routes", routes: [route(respond("never"))] },
  };
  const page = { path: "p.html", contentType: "text/html", content: "<p>\xc3\xbc" };
  await using proxy = await start(
    origin,
    [
      byField,
      {
        ...byField,
        fields: [{ field: "X-Down", values: ["a"] }],
        statuses: [404],
        then: {
          type: "routes",
          routes: [
            route(
              header("X-Own", "1"),
              respond("own {rp.status_code} {rp.status_text} {rp.header.X-UP} {rp.header.nope}"),
            ),
          ],
        },
      },
      on([404], respond("the second")),
      on([403], { type: "redirect", to: "https://x.test/{http.reverse_proxy.status_code}{uri}", status: "302" }),
      on([5], { type: "respond_file", status: "503", file: page, close: false }),
      { statuses: [410], fields: [], then: { type: "replace_status", status: "207" } },
    ],
    { headerDown: { ...NO_EDITS, set: [{ field: "X-Down", value: "b" }] } },
  );

  const own = await ask(proxy, "/404/x");
  expect([own.status, own.text, valueOf(own.head, "x-own")]).toEqual([200, "own 404 404 Not Found up ", "1"]);
  // As in Caddy nothing of the upstream's answer stands on it.
  expect([valueOf(own.head, "x-up"), valueOf(own.head, "x-down")]).toEqual([undefined, undefined]);
  const redirected = await ask(proxy, "/403/x");
  expect([redirected.status, valueOf(redirected.head, "location")]).toEqual([302, "https://x.test/403/403/x"]);
  const file = await ask(proxy, "/500");
  expect([file.status, file.text, valueOf(file.head, "content-type")]).toEqual([503, "<p>ü", "text/html"]);
  const replaced = await ask(proxy, "/410");
  expect([replaced.status, replaced.text, valueOf(replaced.head, "x-down")]).toEqual([207, "origin GET /410", "b"]);
  const passed = await ask(proxy, "/200");
  expect([passed.status, passed.text, valueOf(passed.head, "x-up")]).toEqual([200, "origin GET /200", "up"]);
});

test("routes that answer nothing pass the upstream's answer on, with their edits; copy_response does so with a status", async () => {
  await using origin = startOrigin();
  await using proxy = await start(origin, [
    on([401], header("X-In", "in")),
    on([402], header("X-In", "in"), { type: "copy_response", status: "499" }, respond("never")),
    on(
      [409],
      { type: "copy_response_headers", fields: ["x-up", "Content-Length"], except: false },
      respond("copied", "201"),
    ),
    on([411], { type: "copy_response_headers", fields: ["x-up"], except: true }, respond("copied")),
  ]);
  const [nothing, copied] = [await ask(proxy, "/401"), await ask(proxy, "/402")];
  expect([nothing.status, nothing.text, valueOf(nothing.head, "x-in"), valueOf(nothing.head, "x-up")]).toEqual([
    401,
    "origin GET /401",
    "in",
    "up",
  ]);
  expect([copied.status, copied.text, valueOf(copied.head, "x-in"), valueOf(copied.head, "x-up")]).toEqual([
    499,
    "origin GET /402",
    "in",
    "up",
  ]);
  const [included, excluded] = [await ask(proxy, "/409"), await ask(proxy, "/411")];
  expect([included.status, included.text, valueOf(included.head, "x-up"), valueOf(included.head, "x-down")]).toEqual([
    201,
    "copied",
    "up",
    undefined,
  ]);
  expect([excluded.status, excluded.text, valueOf(excluded.head, "x-up"), valueOf(excluded.head, "x-down")]).toEqual([
    200,
    "copied",
    undefined,
    "a",
  ]);
});

test("another upstream may be asked, which sees the request as the route did; one with a body keeps its answer", async () => {
  await using origin = startOrigin();
  await using other = startOrigin();
  const toOther: HandlerConfig = {
    type: "proxy",
    proxy: reverseProxy([{ type: "tcp", host: "127.0.0.1", port: other.port, tls: false }], {
      // And the answer of that one may be answered for in turn.
      onResponse: [on([503], respond("both"))],
      headerDown: { ...NO_EDITS, set: [{ field: "X-From", value: "other" }] },
    }),
  };
  await using proxy = await start(origin, [on([404, 503], toOther)], { rewrite: "/inner{uri}", method: "GET" });
  const found = await ask(proxy, "/404?a=b");
  expect([found.status, found.text, valueOf(found.head, "x-from")]).toEqual([404, "origin GET /404?a=b", "other"]);
  expect(origin.exchanges.map(({ target }) => target)).toEqual(["/inner/404?a=b"]);
  expect((await ask(proxy, "/503")).text).toBe("both");
  const before = other.exchanges.length;
  await using plain = await start(origin, [on([404, 503], toOther)]);
  const posted = await ask(plain, "/404", "POST", "hello");
  expect([posted.status, posted.text, valueOf(posted.head, "x-from")]).toEqual([404, "origin POST /404", undefined]);
  expect(other.exchanges.length).toBe(before);
  for (const each of [proxy, plain]) expect(each.log.failures).toEqual([]);
});

test("an answer of one's own to HEAD has no body, and a 304 can be answered for", async () => {
  await using origin = startOrigin();
  await using proxy = await start(origin, [on([404, 304], respond("0123456789"))]);
  const head = await ask(proxy, "/404", "HEAD");
  expect([head.status, head.text, valueOf(head.head, "content-length")]).toEqual([200, "", "10"]);
  expect((await ask(proxy, "/304")).text).toBe("0123456789");
});

test.each([...LANES])(
  "by the $lane lane the body that is not passed on is let go, and nothing stays in flight",
  async ({ fields: own }) => {
    await using origin = RawOrigin.start(async ({ connection, target }) => {
      const type = target === "/events" ? "text/event-stream" : "text/plain";
      connection.send(`HTTP/1.1 500 X\r\nContent-Type: ${type}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`);
      // Its end never comes.
    });
    await using proxy = await start(origin, [on([5], respond("own", "503"))]);
    await using client = await RawClient.connect(proxy.port);
    for (const target of ["/endless", "/events", "/endless"]) {
      const answer = await client.request("GET", target, own);
      expect([answer.status, answer.body.toString()]).toEqual([503, "own"]);
    }
    expect(proxy.worker.peers.map(({ inFlight }) => inFlight)).toEqual([0]);
    await until(
      () => origin.connections.every((connection) => connection.ending !== undefined),
      "the upstream's connections to end",
    );
  },
);

test("a handshake that the upstream refused is answered for; one that it accepted is not", async () => {
  await using origin = RawOrigin.start(({ connection }) =>
    connection.send("HTTP/1.1 401 X\r\nContent-Length: 4\r\n\r\nnope"),
  );
  const anything = on([], respond("please log in", "403"));
  await using proxy = await start(origin, [anything]);
  await using client = await RawClient.connect(proxy.port);
  const answer = await client.request("GET", "/ws", UPGRADE);
  expect([answer.status, answer.body.toString()]).toEqual([403, "please log in"]);

  await using echo = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (request, server) => (server.upgrade(request) ? undefined : new Response("plain")),
    websocket: { message: (socket, message) => void socket.send(message) },
  });
  await using open = await startProxy(echo.port as number, { proxy: { onResponse: [anything] } });
  const socket = new WebSocket(`ws://127.0.0.1:${open.port}/`);
  const said = await new Promise<unknown>((resolve, reject) => {
    socket.onopen = () => socket.send("hello");
    socket.onmessage = ({ data }) => resolve(data);
    socket.onclose = ({ code }) => reject(new Error(`closed: ${code}`));
  });
  expect(said).toBe("hello");
  socket.close();
});

test("a failure within is answered as one, by the routes for failures where there are some", async () => {
  await using origin = startOrigin();
  const onResponse = [on([402], { type: "error", status: "420", message: "inner" })];
  await using plain = await start(origin, onResponse);
  await using client = await RawClient.connect(plain.port);
  for (const [target, status] of [
    ["/402", 420],
    ["/200", 200],
    ["/402", 420],
  ] as const) {
    client.send(requestText("GET", target, fields));
    expect((await client.answer()).status).toBe(status);
  }
  const upstreams = [{ type: "tcp", host: "127.0.0.1", port: origin.port, tls: false } as const];
  const errors: HandlerConfig = { type: "errors", on: [{ statuses: [4], routes: [route(respond("{err.message}"))] }] };
  const forward: HandlerConfig = { type: "proxy", proxy: reverseProxy(upstreams, { onResponse }) };
  await using proxy = await startProxy([], { routes: [route(errors, forward)] });
  const failed = await ask(proxy, "/402");
  expect([failed.status, failed.text]).toEqual([420, "inner"]);
  expect((await ask(proxy, "/200")).status).toBe(200);
});

test("where the routes answer nothing, what comes after the forwarding is done, with the request's body", async () => {
  await using auth = startOrigin();
  await using app = RawOrigin.start(async (exchange) => {
    const body = await exchange.body();
    const text = `${exchange.method} ${exchange.target} ${valueOf(exchange.head, "x-user") ?? ""} ${body.toString()}`;
    exchange.connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
  });
  const to = ({ port }: RawOrigin) => [{ type: "tcp", host: "127.0.0.1", port, tls: false } as const];
  const user: HandlerConfig = {
    type: "request_header",
    edits: { ...NO_EDITS, set: [{ field: "X-User", value: "{rp.header.X-Up}" }] },
  };
  const ask200: HandlerConfig = {
    type: "proxy",
    proxy: reverseProxy(to(auth), { method: "GET", rewrite: "{http.request.uri.path}", onResponse: [on([2], user)] }),
  };
  const guard: HandlerConfig = { type: "routes", routes: [route({ type: "routes", routes: [route(ask200)] })] };
  await using proxy = await startProxy([], {
    routes: [route(guard), { ...route({ type: "proxy", proxy: reverseProxy(to(app)) }), name: "app" }],
  });
  expect((await ask(proxy, "/200?a=b")).text).toBe("GET /200?a=b up ");
  expect((await ask(proxy, "/200", "POST", "hello")).text).toBe("POST /200 up hello");
  const large = "x".repeat(300_000);
  expect((await ask(proxy, "/200", "PUT", large)).text).toBe(`PUT /200 up ${large}`);
  const denied = await ask(proxy, "/401", "POST", "hello");
  expect([denied.status, denied.text]).toEqual([401, "origin GET /401"]);
  expect(auth.exchanges.every(({ head }) => valueOf(head, "content-length") === undefined)).toBe(true);
  expect(proxy.worker.peers.every(({ inFlight }) => inFlight === 0)).toBe(true);
  expect(proxy.log.failures).toEqual([]);
});
