import { expect, setDefaultTimeout, test } from "bun:test";
import type { HandlerConfig, PageFile, ProcessConfig, RouteConfig } from "../../src/config/model.ts";
import { LogFile } from "../helpers/access-log.ts";
import { LANES, requestText } from "../helpers/lanes.ts";
import { configWith, reverseProxy } from "../helpers/proxy.ts";
import { valueOf } from "../helpers/raw-head.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { NotedSocket, NotedStream, type StreamsOrigin, startStreamsOrigin, until } from "../helpers/streams.ts";
import { startSupervised } from "../helpers/supervised.ts";

setDefaultTimeout(20_000);

const [{ fields }] = LANES;

function forward({ port }: StreamsOrigin): HandlerConfig {
  return { type: "proxy", proxy: reverseProxy([{ type: "tcp", host: "127.0.0.1", port, tls: false }]) };
}

function route(name: string, ...handlers: readonly HandlerConfig[]): RouteConfig {
  return { name, match: [[{ type: "path", patterns: [`/${name}`, `/${name}/*`] }]], handlers, terminal: false };
}

function configOf(routes: readonly RouteConfig[], process: Partial<ProcessConfig> = {}) {
  return configWith({ upstreams: [], routes, process });
}

async function statuses(port: number, targets: readonly string[]): Promise<readonly number[]> {
  await using client = await RawClient.connect(port);
  const found: number[] = [];
  for (const target of targets) found.push((await client.request("GET", target, fields)).status);
  return found;
}

test("what comes new is answered 503, what is open or in flight goes on, and a reload changes nothing in it", async () => {
  await using origin = startStreamsOrigin("a");
  const config = configOf([route("a", forward(origin))]);
  await using proxy = await startSupervised(config);
  const { supervisor, port } = proxy;
  using socket = await NotedSocket.open(`ws://127.0.0.1:${port}/a/ws`);
  using events = await NotedStream.open(`http://127.0.0.1:${port}/a/events`);
  await using late = await RawClient.connect(port);
  late.send(requestText("GET", "/a/slow", fields));
  await origin.waiting(1);

  expect(await supervisor.control({ type: "maintenance", on: true })).toEqual({
    type: "maintenance",
    all: { retryAfterSeconds: 120 },
    routes: {},
  });
  await using client = await RawClient.connect(port);
  const answer = await client.request("GET", "/a/", fields);
  expect(answer.status).toBe(503);
  const said = ["retry-after", "cache-control", "content-type", "proxy-status"].map((name) =>
    valueOf(answer.head, name),
  );
  const proxyStatus = 'gatekeeper; error=destination_unavailable; details="maintenance"';
  expect(said).toEqual(["120", "no-store", "text/plain; charset=utf-8", proxyStatus]);
  expect(answer.body.toString()).toContain("in maintenance");
  expect((await client.request("HEAD", "/a/", fields)).status).toBe(503);
  await expect(NotedSocket.open(`ws://127.0.0.1:${port}/a/ws`)).rejects.toThrow("refused");

  expect((await supervisor.reload(configOf([route("a", forward(origin)), route("b", forward(origin))]))).type).toBe(
    "reloaded",
  );
  expect(await statuses(port, ["/a/", "/b/", "/c/"])).toEqual([503, 503, 503]);
  await socket.echo();
  origin.tick();
  await until(() => events.text.includes("tick"), "an event");
  origin.release();
  expect((await late.answer()).body.toString()).toBe("a");

  expect(await supervisor.control({ type: "maintenance", on: false })).toEqual({ type: "maintenance", routes: {} });
  expect(await statuses(port, ["/a/", "/b/", "/c/"])).toEqual([200, 200, 404]);
  await socket.echo();
  expect([socket.closeCode, events.ending]).toEqual([undefined, undefined]);
});

test("one route is closed by its name, and by the names around it, through reloads while it is there", async () => {
  await using origin = startStreamsOrigin("a");
  const inner = route("in", {
    type: "routes",
    routes: [{ name: "deep", match: [], handlers: [forward(origin)], terminal: false }],
  });
  const config = configOf([route("a", forward(origin)), inner, route("b", forward(origin))]);
  await using proxy = await startSupervised(config);
  const { supervisor, port } = proxy;
  const on = async (name: string) =>
    await supervisor.control({ type: "maintenance", on: true, route: name, retryAfterSeconds: 7 });
  expect(await on("a")).toEqual({ type: "maintenance", routes: { a: { retryAfterSeconds: 7 } } });
  expect(await statuses(port, ["/a/", "/in/", "/b/"])).toEqual([503, 200, 200]);
  // By its own name, since no other is called so.
  expect(await on("deep")).toMatchObject({ routes: { "in > deep": { retryAfterSeconds: 7 } } });
  expect(await statuses(port, ["/a/", "/in/", "/b/"])).toEqual([503, 503, 200]);
  expect(await on("bb")).toEqual({ type: "refused", reason: "there is no route called bb", help: 'did you mean "b"?' });

  await supervisor.reload(configOf([inner, route("b", forward(origin)), route("a", forward(origin))]));
  expect(await statuses(port, ["/a/", "/in/", "/b/"])).toEqual([503, 503, 200]);
  await supervisor.reload(configOf([inner]));
  expect(proxy.log.lines).toContainEqual({
    level: "warn",
    message: "a route in maintenance is not there any more",
    facts: { route: "a" },
  });
  await supervisor.reload(config);
  expect(await statuses(port, ["/a/", "/in/", "/b/"])).toEqual([200, 503, 200]);
  await supervisor.control({ type: "maintenance", on: false, route: "in > deep" });
  expect(await supervisor.control({ type: "maintenance" })).toEqual({ type: "maintenance", routes: {} });
  expect(await statuses(port, ["/in/"])).toEqual([200]);
});

test("off without a route opens every route", async () => {
  await using origin = startStreamsOrigin("a");
  await using proxy = await startSupervised(configOf([route("a", forward(origin))]));
  await proxy.supervisor.control({ type: "maintenance", on: true, route: "a" });
  await proxy.supervisor.control({ type: "maintenance", on: true });
  expect(await proxy.supervisor.control({ type: "maintenance", on: false })).toEqual({
    type: "maintenance",
    routes: {},
  });
  expect(await statuses(proxy.port, ["/a/"])).toEqual([200]);
});

test("browsers get a page, and a page of one's own is for all; a reload takes up another", async () => {
  await using origin = startStreamsOrigin("a");
  const page = (content: string): PageFile => ({ path: "p.html", contentType: "text/html;charset=utf-8", content });
  const config = configOf([route("a", forward(origin))]);
  await using proxy = await startSupervised(config);
  const { supervisor, port } = proxy;
  await supervisor.control({ type: "maintenance", on: true });
  const ask = async (accept: string): Promise<string> =>
    await (await fetch(`http://127.0.0.1:${port}/a/`, { headers: { Accept: accept } })).text();
  expect(await ask("text/html,application/xhtml+xml,*/*;q=0.8")).toStartWith("<!doctype html>");
  for (const accept of ["*/*", "text/html;q=0, text/plain", "application/json"]) {
    expect(await ask(accept)).toStartWith("Service Unavailable\n");
  }
  await supervisor.reload(configOf([route("a", forward(origin))], { maintenancePage: page("<p>gr\xc3\xbcn") }));
  expect(await ask("*/*")).toBe("<p>grün");
  await supervisor.reload(configOf([route("a", forward(origin))], { maintenancePage: page("<p>two") }));
  expect(await ask("*/*")).toBe("<p>two");
});

test("what is refused stands in the access log of its route, and not in the log of failures", async () => {
  await using origin = startStreamsOrigin("a");
  using file = new LogFile();
  const log: HandlerConfig = file.config();
  const within: RouteConfig = { name: "within", match: [], handlers: [log, forward(origin)], terminal: false };
  {
    await using proxy = await startSupervised(
      configOf([route("a", log, forward(origin)), route("b", { type: "routes", routes: [within] })]),
    );
    await proxy.supervisor.control({ type: "maintenance", on: true });
    await statuses(proxy.port, ["/a/1", "/b/2", "/c/3"]);
    await proxy.supervisor.control({ type: "maintenance", on: false });
    await proxy.supervisor.control({ type: "maintenance", on: true, route: "b > within" });
    await statuses(proxy.port, ["/b/4"]);
    expect(proxy.log.failures).toEqual([]);
  }
  expect(file.records().map(({ request, status, error }) => [request.uri, status, error])).toEqual([
    ["/a/1", 503, "maintenance: in maintenance"],
    ["/b/2", 503, "maintenance: in maintenance"],
    ["/b/4", 503, "maintenance: in maintenance"],
  ]);
});
