import { expect, setDefaultTimeout, test } from "bun:test";
import type { Config, ListenerConfig, ReverseProxyConfig, RouteConfig } from "../../src/config/model.ts";
import { startWorker } from "../../src/process/worker.ts";
import { LANES, requestText } from "../helpers/lanes.ts";
import { configWith, ProxyUnderTest, RecordingLog, reverseProxy, tcpHealth } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { refusingPort } from "../helpers/refusing-port.ts";
import { NotedSocket, NotedStream, startStreamsOrigin, until } from "../helpers/streams.ts";
import { Op, RawOrigin, rawClient } from "../helpers/ws-raw.ts";
import { bestOf } from "../helpers/best-of.ts";

setDefaultTimeout(20_000);

const [{ fields }] = LANES;

/** A route to an origin for everything below a path. */
function route(
  name: string,
  to: readonly { readonly port: number }[],
  proxy: Partial<ReverseProxyConfig> = {},
): RouteConfig {
  const upstreams = to.map(({ port }) => ({ type: "tcp", host: "127.0.0.1", port, tls: false }) as const);
  return {
    name,
    match: [[{ type: "context_path", pattern: { type: "segments", path: `/${name}` } }]],
    handlers: [{ type: "proxy", proxy: reverseProxy(upstreams, { streamCloseDelayMs: 100, ...proxy }) }],
    terminal: false,
  };
}

function configOf(routes: readonly RouteConfig[], listener: Partial<ListenerConfig> = {}): Config {
  return configWith({ upstreams: [], routes, listener });
}

async function start(routes: readonly RouteConfig[]): Promise<ProxyUnderTest> {
  const log = new RecordingLog();
  return new ProxyUnderTest(await startWorker(configOf(routes), log), log);
}

test("the next request is served by the new configuration, one in flight by the old one, on one connection each", async () => {
  await using a = startStreamsOrigin("a");
  await using b = startStreamsOrigin("b");
  await using proxy = await start([route("x", [a])]);
  await using kept = await RawClient.connect(proxy.port);
  await using late = await RawClient.connect(proxy.port);
  expect((await kept.request("GET", "/x/", fields)).body.toString()).toBe("a");
  late.send(requestText("GET", "/x/slow", fields));
  await a.waiting(1);
  expect((await proxy.worker.reload(configOf([route("x", [b])]))).type).toBe("reloaded");
  expect((await kept.request("GET", "/x/", fields)).body.toString()).toBe("b");
  expect((await kept.request("GET", "/y/", fields)).status).toBe(404);
  a.release();
  expect((await late.answer()).body.toString()).toBe("a");
  expect((await late.request("GET", "/x/", fields)).body.toString()).toBe("b");
});

test("streams whose route stays stay open; those of a route that is gone are told to go", async () => {
  await using a = startStreamsOrigin("a");
  await using proxy = await start([route("stays", [a]), route("goes", [a])]);
  const ws = `ws://127.0.0.1:${proxy.port}`;
  const http = `http://127.0.0.1:${proxy.port}`;
  using stays = await NotedSocket.open(`${ws}/stays/ws`);
  using goes = await NotedSocket.open(`${ws}/goes/ws`);
  using eventsStay = await NotedStream.open(`${http}/stays/events`);
  using eventsGo = await NotedStream.open(`${http}/goes/events`);
  const result = await proxy.worker.reload(configOf([route("stays", [a]), route("other", [a])]));
  expect(result).toMatchObject({
    type: "reloaded",
    routes: { added: 1, removed: 1, changed: 0 },
    leavingStreams: 2,
  });
  await until(() => goes.closeCode !== undefined && eventsGo.ending !== undefined, "both to go");
  expect([goes.closeCode, eventsGo.ending]).toEqual([1001, "clean"]);
  await until(() => a.closeCodes.length === 1, "the origin to be told");
  expect(a.closeCodes).toEqual([1001]);
  await until(() => a.streams === 1, "the origin's stream to be let go");
  await stays.echo();
  a.tick();
  await until(() => eventsStay.text.includes("tick"), "an event");
  expect([stays.closeCode, eventsStay.ending]).toEqual([undefined, undefined]);
  expect(proxy.log.failures).toEqual([]);
});

test("streams stay while their peer does, however it is spoken to, and go with it", async () => {
  await using a = startStreamsOrigin("a");
  await using b = startStreamsOrigin("b");
  await using proxy = await start([route("x", [a])]);
  using socket = await NotedSocket.open(`ws://127.0.0.1:${proxy.port}/x/ws`);
  using events = await NotedStream.open(`http://127.0.0.1:${proxy.port}/x/events`);
  const timeouts = { dialMs: 1_000, responseHeaderMs: 0, readMs: 0, writeMs: 0 };
  await proxy.worker.reload(configOf([route("x", [b, a], { timeouts, responseBufferBytes: 1 })]));
  await Bun.sleep(200);
  await socket.echo();
  expect(events.ending).toBeUndefined();
  await proxy.worker.reload(configOf([route("x", [b])]));
  await until(() => socket.closeCode !== undefined && events.ending !== undefined, "both to go");
  expect([socket.closeCode, events.ending]).toEqual([1001, "clean"]);
});

test("a WebSocket whose handshake was under way when its route went is told as well", async () => {
  await using origin = await RawOrigin.start();
  await using proxy = await start([route("goes", [origin])]);
  using client = await rawClient(proxy.port, [], "/goes/ws");
  const upstream = await origin.next();
  await proxy.worker.reload(configOf([]));
  upstream.accept();
  expect(await client.head()).toStartWith("HTTP/1.1 101 ");
  const [told, toldUpstream] = await Promise.all([client.frame(), upstream.frame()]);
  expect([told, toldUpstream].map(({ opcode, payload }) => [opcode, payload.readUInt16BE()])).toEqual([
    [Op.close, 1001],
    [Op.close, 1001],
  ]);
});

test("they are spread over the time that their route gives", async () => {
  await using a = startStreamsOrigin("a");
  /** How much later than they should they go. */
  const lateness = async (): Promise<number> => {
    await using proxy = await start([route("goes", [a], { streamCloseDelayMs: 1_000 })]);
    const url = `ws://127.0.0.1:${proxy.port}/goes/ws`;
    const sockets = await Promise.all(Array.from({ length: 20 }, () => NotedSocket.open(url)));
    const began = performance.now();
    await proxy.worker.reload(configOf([]));
    await until(() => sockets.every(({ closeCode }) => closeCode === 1001), "all to go");
    const [first = 0, ...times] = sockets.map(({ closedAt }) => closedAt - began).toSorted((x, y) => x - y);
    expect(times[9]).toBeGreaterThan(300);
    return Math.max(first, (times[9] ?? 0) - 500, (times.at(-1) ?? 0) - 1_000);
  };
  expect(await bestOf(300, lateness)).toBeLessThan(300);
});

test("a peer keeps its health and is not looked at any more when nobody asks for it", async () => {
  await using a = startStreamsOrigin("a");
  const gone = { port: refusingPort() };
  const checked = tcpHealth(20);
  await using proxy = await start([route("x", [a, gone], checked)]);
  await proxy.log.until(() => proxy.log.lines.some(({ message }) => message === "peer is down"), "the check");
  await using client = await RawClient.connect(proxy.port);
  for (let i = 0; i < 5; i++) {
    await proxy.worker.reload(configOf([route("x", [a, gone], checked), route(`y${i}`, [a])]));
    for (let j = 0; j < 4; j++) expect((await client.request("GET", "/x/", fields)).status).toBe(200);
  }
  // No request had to find out for itself.
  expect(proxy.log.lines.map(({ message }) => message)).toEqual(["peer is down"]);
  await proxy.worker.reload(configOf([route("x", [gone])]));
  expect((await client.request("GET", "/x/", fields)).status).toBe(502);
});

test("limits of a listener change for the next request without touching it", async () => {
  await using a = startStreamsOrigin("a");
  await using proxy = await start([route("x", [a])]);
  await using client = await RawClient.connect(proxy.port);
  const post = (): Promise<{ readonly status: number }> =>
    client.request("POST", "/x/", [...fields, "Content-Length: 4"], "body");
  expect((await post()).status).toBe(200);
  const result = await proxy.worker.reload(configOf([route("x", [a])], { maxRequestBodyBytes: 3 }));
  expect(result).toMatchObject({ listeners: { opened: 0, closed: 0, replaced: 0 } });
  expect((await post()).status).toBe(413);
});

test("a larger message is let through for new WebSockets, and open ones keep their own limit", async () => {
  await using a = startStreamsOrigin("a");
  const websocket = (maxMessageBytes: number): Partial<ReverseProxyConfig> => ({
    websocket: { maxMessageBytes, deadAfterMs: 60_000, handshakeTimeoutMs: 30_000 },
  });
  await using proxy = await start([route("x", [a], websocket(10_000))]);
  const url = `ws://127.0.0.1:${proxy.port}/x/ws`;
  using small = await NotedSocket.open(url);
  await proxy.worker.reload(configOf([route("x", [a], websocket(1_000_000))]));
  using large = await NotedSocket.open(url);
  await large.echo(900_000);
  await small.echo(9_000);
  await proxy.worker.reload(configOf([route("x", [a], websocket(1_000))]));
  await large.echo(900_000);
  await expect(small.echo(500_000)).rejects.toThrow("1009");
  using smallest = await NotedSocket.open(url);
  await expect(smallest.echo(5_000)).rejects.toThrow("1009");
});

test("a reload while the process drains is refused", async () => {
  await using a = startStreamsOrigin("a");
  await using proxy = await start([route("x", [a])]);
  using _socket = await NotedSocket.open(`ws://127.0.0.1:${proxy.port}/x/ws`);
  const draining = proxy.worker.drain(new AbortController().signal);
  expect((await proxy.worker.reload(configOf([]))).type).toBe("stopping");
  expect(await draining).toBe("drained");
});

test("no configuration is kept in memory when another has taken its place", async () => {
  await using a = startStreamsOrigin("a");
  await using proxy = await start([route("x", [a])]);
  await using client = await RawClient.connect(proxy.port);
  const made: WeakRef<Config>[] = [];
  const reloadOnce = async (count: number): Promise<void> => {
    const config = configOf([route("x", [a], { responseBufferBytes: count }), route(`y${count}`, [a])]);
    made.push(new WeakRef(config));
    await proxy.worker.reload(config);
    expect((await client.request("GET", "/x/", fields)).status).toBe(200);
  };
  for (let count = 1; count <= 50; count++) await reloadOnce(count);
  for (let tries = 0; tries < 20 && kept(made) > 3; tries++) {
    await Bun.sleep(100);
    Bun.gc(true);
  }
  // The collector looks at the stack, too: a stray word may keep one or two.
  expect(kept(made)).toBeLessThanOrEqual(3);
});

function kept(made: readonly WeakRef<object>[]): number {
  return made.filter((each) => each.deref() !== undefined).length;
}
