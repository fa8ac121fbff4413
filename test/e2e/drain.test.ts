import { expect, setDefaultTimeout, test } from "bun:test";
import type { RouteConfig } from "../../src/config/model.ts";
import { LANES, requestText } from "../helpers/lanes.ts";
import { configWith, reverseProxy } from "../helpers/proxy.ts";
import { valueOf } from "../helpers/raw-head.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { NotedSocket, type StreamsOrigin, startStreamsOrigin, until } from "../helpers/streams.ts";
import { startSupervised, type Supervised } from "../helpers/supervised.ts";

setDefaultTimeout(20_000);

const [{ fields }] = LANES;

function configOf(origins: readonly StreamsOrigin[], name = "all") {
  const upstreams = origins.map(({ port }) => ({ type: "tcp", host: "127.0.0.1", port, tls: false }) as const);
  const route: RouteConfig = {
    name,
    match: [],
    handlers: [{ type: "proxy", proxy: reverseProxy(upstreams) }],
    terminal: false,
  };
  return configWith({ upstreams: [], routes: [route] });
}

/** Who answers so many requests. */
async function answering({ port }: Supervised, count = 4): Promise<ReadonlySet<string>> {
  await using client = await RawClient.connect(port);
  const names = new Set<string>();
  for (let i = 0; i < count; i++) names.add((await client.request("GET", "/", fields)).body.toString());
  return names;
}

test("a drained peer gets nothing new and keeps what it has, through reloads, until it is taken back", async () => {
  await using a = startStreamsOrigin("a");
  await using b = startStreamsOrigin("b");
  await using proxy = await startSupervised(configOf([a, b]));
  const { supervisor, port } = proxy;
  const name = `127.0.0.1:${a.port}`;
  using socket = await NotedSocket.open(`ws://127.0.0.1:${port}/ws`);
  // The second goes to the other one.
  using other = await NotedSocket.open(`ws://127.0.0.1:${port}/ws`);
  expect([a.sockets, b.sockets]).toEqual([1, 1]);
  expect(await supervisor.control({ type: "drain", peer: name, on: true })).toMatchObject({
    type: "peers",
    peers: [{ name, upstream: name, isUp: true, isSuspect: false, isDraining: true, inFlight: 1 }],
    stranded: [],
  });
  expect(await answering(proxy)).toEqual(new Set(["b"]));
  using third = await NotedSocket.open(`ws://127.0.0.1:${port}/ws`);
  expect([a.sockets, b.sockets]).toEqual([1, 2]);
  for (const each of [socket, other, third]) await each.echo();

  expect((await supervisor.reload(configOf([a, b], "renamed"))).type).toBe("reloaded");
  expect(await answering(proxy)).toEqual(new Set(["b"]));
  expect(await supervisor.control({ type: "drain", on: true })).toMatchObject({
    peers: [
      { name, isDraining: true },
      { name: `127.0.0.1:${b.port}`, isDraining: false },
    ],
  });
  await supervisor.control({ type: "drain", peer: name, on: false });
  expect(await answering(proxy)).toEqual(new Set(["a", "b"]));
});

test("one that is configured no longer is drained no longer when it comes back", async () => {
  await using a = startStreamsOrigin("a");
  await using b = startStreamsOrigin("b");
  await using proxy = await startSupervised(configOf([a, b]));
  await proxy.supervisor.control({ type: "drain", peer: `127.0.0.1:${a.port}`, on: true });
  await proxy.supervisor.reload(configOf([b]));
  await proxy.supervisor.reload(configOf([a, b]));
  expect(await answering(proxy)).toEqual(new Set(["a", "b"]));
});

test("where every peer is drained the answer is 503 and the log says why; requests in flight end well", async () => {
  await using a = startStreamsOrigin("a");
  await using proxy = await startSupervised(configOf([a]));
  await using late = await RawClient.connect(proxy.port);
  late.send(requestText("GET", "/slow", fields));
  await a.waiting(1);
  const result = await proxy.supervisor.control({ type: "drain", peer: `:${a.port}`, on: true });
  // `:3000` is localhost's, which is another name than 127.0.0.1.
  expect(result).toMatchObject({ type: "refused", help: `did you mean 127.0.0.1:${a.port}?` });
  expect(await proxy.supervisor.control({ type: "drain", peer: `http://127.0.0.1:${a.port}`, on: true })).toMatchObject(
    {
      peers: [{ inFlight: 1 }],
      stranded: ["all"],
    },
  );
  await using client = await RawClient.connect(proxy.port);
  const refused = await client.request("GET", "/", fields);
  expect(refused.status).toBe(503);
  expect(valueOf(refused.head, "proxy-status")).toContain("no_peer_available");
  expect(proxy.log.failures.at(-1)?.facts["detail"]).toBe("every upstream of all is drained");
  a.release();
  expect((await late.answer()).status).toBe(200);
  await until(() => proxy.log.failures.length === 1, "nothing else to fail");
});
