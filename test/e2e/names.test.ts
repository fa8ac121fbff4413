import { describe, expect, test } from "bun:test";
import type { ReverseProxyConfig } from "../../src/config/model.ts";
import { makeAuthority, makeCertificate } from "../helpers/certificates.ts";
import { DnsServer } from "../helpers/dns-server.ts";
import { LANES } from "../helpers/lanes.ts";
import { configWith, type ProxyUnderTest, startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { NotedSocket, until } from "../helpers/streams.ts";

/** Origins on several addresses of loopback and one port, each of which says its address. */
class Hosts implements AsyncDisposable {
  readonly port: number;
  readonly #servers: Bun.Server<undefined>[];

  constructor(addresses: readonly string[], tls: object = {}) {
    const serve = (hostname: string, port: number): Bun.Server<undefined> =>
      Bun.serve({
        hostname,
        port,
        ...tls,
        fetch: (request, server) =>
          server.upgrade(request) ? undefined : new Response(`${hostname} ${request.headers.get("host")}`),
        websocket: { message: (socket, message) => void socket.send(message) },
      } as Bun.Serve.Options<undefined>);
    const [first = "", ...others] = addresses;
    const server = serve(first, 0);
    this.port = Number(server.port);
    this.#servers = [server, ...others.map((each) => serve(each, this.port))];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.stop(true)));
  }
}

function by(dns: DnsServer, more: Partial<ReverseProxyConfig> = {}): Partial<ReverseProxyConfig> {
  return { resolve: { refreshMs: 1_000, resolvers: [dns.address] }, ...more };
}

function named(port: number, tls = false) {
  return [{ type: "tcp", host: "app.test", port, tls }] as const;
}

async function ask(proxy: ProxyUnderTest, fields: readonly string[]): Promise<readonly [number, string]> {
  await using client = await RawClient.connect(proxy.port);
  const { status, body } = await client.request("GET", "/", fields);
  return [status, body.toString()];
}

/** Which origins answer. */
async function answering(proxy: ProxyUnderTest, fields: readonly string[], times = 6): Promise<readonly string[]> {
  const found = new Set<string>();
  for (let i = 0; i < times; i++) found.add((await ask(proxy, fields))[1].split(" ")[0] ?? "");
  return [...found].sort();
}

function said(proxy: ProxyUnderTest, message: string): number {
  return proxy.log.lines.filter((line) => line.message === message).length;
}

describe.each(LANES)("a named upstream ($lane lane)", ({ fields }) => {
  test("is all its addresses, asked by its name, and follows them without a restart", async () => {
    await using hosts = new Hosts(["127.0.0.2", "127.0.0.3", "127.0.0.4"]);
    await using dns = await DnsServer.start({ "app.test": { a: ["127.0.0.2", "127.0.0.3"] } });
    await using proxy = await startProxy(named(hosts.port), { proxy: by(dns) });
    expect(await answering(proxy, fields)).toEqual(["127.0.0.2", "127.0.0.3"]);
    expect(dns.questions.filter((each) => each === "A app.test")).toHaveLength(1);
    dns.records.set("app.test", { a: ["127.0.0.4"] });
    await proxy.log.until(() => said(proxy, "name has other addresses") === 1, "the other addresses");
    expect(await answering(proxy, fields)).toEqual(["127.0.0.4"]);
  });

  test("that is not known at the start is 503 in words, until it is", async () => {
    await using hosts = new Hosts(["127.0.0.2"]);
    await using dns = await DnsServer.start();
    await using proxy = await startProxy(named(hosts.port), { proxy: by(dns) });
    expect((await ask(proxy, fields))[0]).toBe(503);
    expect(proxy.log.failures[0]?.facts["reason"]).toBe("name_not_resolved");
    dns.records.set("app.test", { a: ["127.0.0.2"] });
    await proxy.log.until(() => said(proxy, "name is resolved again") === 1, "the name");
    expect(await answering(proxy, fields)).toEqual(["127.0.0.2"]);
    expect(said(proxy, "name cannot be resolved")).toBe(1);
  });

  test("keeps its last addresses while the resolver fails, or says nothing", async () => {
    await using hosts = new Hosts(["127.0.0.2"]);
    await using dns = await DnsServer.start({ "app.test": { a: ["127.0.0.2"] } });
    await using proxy = await startProxy(named(hosts.port), { proxy: by(dns) });
    dns.mood = "fails";
    await proxy.log.until(() => said(proxy, "name cannot be resolved") === 1, "the failure");
    expect(await answering(proxy, fields, 2)).toEqual(["127.0.0.2"]);
  });
});

const [{ fields: FIELDS }] = LANES;

test("a TTL that is shorter than the interval holds first", async () => {
  await using hosts = new Hosts(["127.0.0.2"]);
  await using dns = await DnsServer.start({ "app.test": { a: ["127.0.0.2"] } });
  await using _ = await startProxy(named(hosts.port), {
    proxy: by(dns, { resolve: { refreshMs: 600_000, resolvers: [dns.address] } }),
  });
  await until(() => dns.questions.filter((each) => each === "A app.test").length >= 2, "a second question");
});

test("certificates are for the name, and Host is the name's where the client has none to give", async () => {
  const ca = makeAuthority();
  await using hosts = new Hosts(["127.0.0.2"], { tls: makeCertificate({ names: ["app.test"], by: ca }) });
  await using dns = await DnsServer.start({ "app.test": { a: ["127.0.0.2"] } });
  const upstreamTls = {
    serverName: undefined,
    verify: true,
    ca: ca.cert,
    clientCert: undefined,
    clientKey: undefined,
    http2: false,
  };
  await using proxy = await startProxy(named(hosts.port, true), { proxy: by(dns, { upstreamTls }) });
  for (const { fields } of LANES) expect((await ask(proxy, fields))[0]).toBe(200);
  await using client = await RawClient.connect(proxy.port);
  client.send("GET / HTTP/1.0\r\n\r\n");
  expect((await client.answer()).body.toString()).toBe(`127.0.0.2 app.test:${hosts.port}`);
});

test("dynamic a and dynamic srv: targets of the lowest priority, by their weights", async () => {
  await using hosts = new Hosts(["127.0.0.2", "127.0.0.3", "127.0.0.4"]);
  const { port } = hosts;
  await using dns = await DnsServer.start({
    "a.test": { a: ["127.0.0.2"] },
    "b.test": { a: ["127.0.0.3"] },
    "c.test": { a: ["127.0.0.4"] },
    "_app._tcp.test": {
      srv: [
        { priority: 1, weight: 3, port, target: "a.test" },
        { priority: 1, weight: 1, port, target: "b.test" },
        { priority: 9, weight: 9, port, target: "c.test" },
      ],
    },
  });
  const a = { type: "a", name: "a.test", port, ipv4: true, ipv6: false, tls: false } as const;
  await using one = await startProxy([], { proxy: by(dns, { dynamic: a }) });
  expect(await answering(one, FIELDS)).toEqual(["127.0.0.2"]);
  const srv = { type: "srv", name: "_app._tcp.test", tls: false } as const;
  await using two = await startProxy([], { proxy: by(dns, { dynamic: srv }) });
  const counts = { "127.0.0.2": 0, "127.0.0.3": 0 } as Record<string, number>;
  for (let i = 0; i < 8; i++) {
    const origin = (await ask(two, FIELDS))[1].split(" ")[0] ?? "";
    counts[origin] = (counts[origin] ?? 0) + 1;
  }
  expect(counts).toEqual({ "127.0.0.2": 6, "127.0.0.3": 2 });
});

test("a WebSocket stays open when its address leaves, through a reload too, which has the addresses at once", async () => {
  await using hosts = new Hosts(["127.0.0.2", "127.0.0.3"]);
  await using dns = await DnsServer.start({ "app.test": { a: ["127.0.0.2"] } });
  const options = { upstreams: named(hosts.port), proxy: by(dns) };
  await using proxy = await startProxy(options.upstreams, { proxy: options.proxy });
  using socket = await NotedSocket.open(`ws://127.0.0.1:${proxy.port}/`);
  dns.records.set("app.test", { a: ["127.0.0.3"] });
  await proxy.log.until(() => said(proxy, "name has other addresses") === 1, "the other address");
  dns.mood = "silent";
  const [listener] = configWith(options).listeners;
  if (listener === undefined) throw new Error("no listener");
  await proxy.worker.reload(configWith(options));
  expect(await answering(proxy, FIELDS, 2)).toEqual(["127.0.0.3"]);
  await socket.echo();
  expect(socket.closeCode).toBeUndefined();
});

test("peers of addresses that left are forgotten", async () => {
  await using hosts = new Hosts(["127.0.0.2", "127.0.0.3"]);
  await using dns = await DnsServer.start({ "app.test": { a: ["127.0.0.2"] } });
  await using proxy = await startProxy(named(hosts.port), { proxy: by(dns) });
  dns.records.set("app.test", { a: ["127.0.0.3"] });
  await proxy.log.until(() => said(proxy, "name has other addresses") === 1, "the other address");
  expect(proxy.worker.peers.map(({ name }) => name)).toEqual([`app.test:${hosts.port} (127.0.0.3)`]);
});
