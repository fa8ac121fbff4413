import { describe, expect, test } from "bun:test";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { ReverseProxyConfig, RouteConfig } from "../../src/config/model.ts";
import { ACTIVE_HEALTH_DEFAULTS } from "../../src/config/upstream-model.ts";
import { ALONE } from "../../src/process/sharing.ts";
import { Prepared } from "../../src/process/worker.ts";
import { makeAuthority, makeCertificate } from "../helpers/certificates.ts";
import { DnsServer } from "../helpers/dns-server.ts";
import { Hosts } from "../helpers/hosts.ts";
import { LANES } from "../helpers/lanes.ts";
import { configWith, type ProxyUnderTest, reverseProxy, startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { NotedSocket, until } from "../helpers/streams.ts";

function by(dns: DnsServer, more: Partial<ReverseProxyConfig> = {}): Partial<ReverseProxyConfig> {
  return { resolve: { refreshMs: 1_000, resolvers: [dns.address] }, ...more };
}

function named(port: number, tls = false) {
  return [{ type: "tcp", host: "app.test", port, tls }] as const;
}

function routeTo(proxy: ReverseProxyConfig, number: number): RouteConfig {
  return { name: `route ${number}`, match: [], handlers: [{ type: "proxy", proxy }], terminal: true };
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
  test.concurrent("is all its addresses, asked by its name, and follows them without a restart", async () => {
    await using hosts = new Hosts(["127.0.0.2", "127.0.0.3", "127.0.0.4"]);
    await using dns = await DnsServer.start({ "app.test": { a: ["127.0.0.2", "127.0.0.3"] } });
    await using proxy = await startProxy(named(hosts.port), { proxy: by(dns) });
    expect(await answering(proxy, fields)).toEqual(["127.0.0.2", "127.0.0.3"]);
    // Not for each of the six requests: once, and again where they took longer than the name is believed.
    expect(dns.asked("A app.test")).toBeLessThan(4);
    dns.records.set("app.test", { a: ["127.0.0.4"] });
    await proxy.log.until(() => said(proxy, "name has other addresses") === 1, "the other addresses");
    expect(await answering(proxy, fields)).toEqual(["127.0.0.4"]);
  });

  test.concurrent("that is not known at the start is 503 in words, until it is", async () => {
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

  test.concurrent("keeps its last addresses while the resolver fails, or says nothing", async () => {
    await using hosts = new Hosts(["127.0.0.2"]);
    await using dns = await DnsServer.start({ "app.test": { a: ["127.0.0.2"] } });
    await using proxy = await startProxy(named(hosts.port), { proxy: by(dns) });
    dns.mood = "fails";
    await proxy.log.until(() => said(proxy, "name cannot be resolved") === 1, "the failure");
    expect(await answering(proxy, fields, 2)).toEqual(["127.0.0.2"]);
  });
});

const [{ fields: FIELDS }] = LANES;

test.concurrent("a TTL that is shorter than the interval holds first", async () => {
  await using hosts = new Hosts(["127.0.0.2"]);
  await using dns = await DnsServer.start({ "app.test": { a: ["127.0.0.2"] } });
  await using _ = await startProxy(named(hosts.port), {
    proxy: by(dns, { resolve: { refreshMs: 600_000, resolvers: [dns.address] } }),
  });
  await until(() => dns.asked("A app.test") >= 2, "a second question");
});

test.concurrent(
  "certificates are for the name by every transport, and Host is the name's where the client has none to give",
  async () => {
    const ca = makeAuthority();
    const names = { tls: makeCertificate({ names: ["app.test"], by: ca }), http2: true };
    await using hosts = new Hosts(["127.0.0.2"], names);
    await using dns = await DnsServer.start({ "app.test": { a: ["127.0.0.2"] }, "other.test": { a: ["127.0.0.2"] } });
    const tls = { serverName: undefined, verify: true, ca: ca.cert, clientCert: undefined, clientKey: undefined };
    for (const http2 of [false, true]) {
      const upstreamTls = { ...tls, http2 };
      await using proxy = await startProxy(named(hosts.port, true), { proxy: by(dns, { upstreamTls }) });
      for (const { fields } of LANES) expect((await ask(proxy, fields))[0]).toBe(200);
      await using client = await RawClient.connect(proxy.port);
      client.send("GET / HTTP/1.0\r\n\r\n");
      expect((await client.answer()).body.toString()).toBe(`127.0.0.2 app.test:${hosts.port}`);
      using socket = await NotedSocket.open(`ws://127.0.0.1:${proxy.port}/`);
      await socket.echo();
      const other = [{ type: "tcp", host: "other.test", port: hosts.port, tls: true }] as const;
      await using wrong = await startProxy(other, { proxy: by(dns, { upstreamTls }) });
      for (const { fields } of LANES) {
        const [status] = await ask(wrong, fields);
        expect([status, wrong.log.failures.at(-1)?.facts["reason"]]).toEqual([502, "tls_certificate_error"]);
      }
    }
  },
);

test.concurrent("dynamic a and dynamic srv: targets of the lowest priority, by their weights", async () => {
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

test.concurrent("where no target of the lowest priority can be reached, those of the next one serve", async () => {
  await using hosts = new Hosts(["127.0.0.2"]);
  await using dns = await DnsServer.start({
    "a.test": { a: ["127.0.0.5"] },
    "b.test": { a: ["127.0.0.2"] },
    "_app._tcp.test": {
      srv: ["a.test", "b.test"].map((target, i) => ({ priority: i, weight: 1, port: hosts.port, target })),
    },
  });
  const srv = { type: "srv", name: "_app._tcp.test", tls: false } as const;
  await using proxy = await startProxy([], { proxy: by(dns, { dynamic: srv }) });
  expect(await answering(proxy, FIELDS, 3)).toEqual(["127.0.0.2"]);
});

test.concurrent("an interval that is shorter than the TTL holds", async () => {
  await using hosts = new Hosts(["127.0.0.2"]);
  await using dns = await DnsServer.start({ "app.test": { a: ["127.0.0.2"] } });
  dns.ttlSeconds = 600;
  await using _ = await startProxy(named(hosts.port), { proxy: by(dns) });
  await until(() => dns.asked("A app.test") >= 2, "a second question");
});

test.concurrent(
  "a WebSocket stays open when its address leaves, through a reload too, which has the addresses at once",
  async () => {
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
  },
);

test.concurrent("peers of addresses that left are forgotten, and their idle connections closed", async () => {
  const origin = createServer((_, response) => void response.end("old"));
  origin.keepAliveTimeout = 0;
  const { promise: open, resolve } = Promise.withResolvers<void>();
  origin.listen(0, "127.0.0.2", resolve);
  await open;
  let connections = 0;
  origin.on("connection", (socket) => {
    connections++;
    socket.on("close", () => connections--);
  });
  const { port } = origin.address() as AddressInfo;
  await using dns = await DnsServer.start({ "app.test": { a: ["127.0.0.2"] } });
  await using proxy = await startProxy(named(port), { proxy: by(dns) });
  for (const { fields } of LANES) expect(await ask(proxy, fields)).toEqual([200, "old"]);
  expect(connections).toBe(2);
  dns.records.set("app.test", { a: ["127.0.0.3"] });
  await until(() => connections === 0, "the end of its connections");
  expect(proxy.worker.peers.map(({ name }) => name)).toEqual([`app.test:${port} (127.0.0.3)`]);
  origin.close();
});

test.concurrent("ten routes to one name ask once", async () => {
  await using dns = await DnsServer.start({ "app.test": { a: ["127.0.0.2"] } });
  const proxy = reverseProxy(named(1), by(dns, { resolve: { refreshMs: 0, resolvers: [dns.address] } }));
  const routes = Array.from({ length: 10 }, (_, i) => routeTo(proxy, i));
  await using _ = await startProxy([], { routes });
  expect(dns.questions.toSorted()).toEqual(["A app.test", "AAAA app.test"]);
});

test.concurrent("addresses that change while a reload is prepared take nothing from it", async () => {
  await using dns = await DnsServer.start({ "app.test": { a: ["127.0.0.2"] }, "new.test": { a: ["127.0.0.4"] } });
  await using proxy = await startProxy(named(1), { proxy: by(dns) });
  const added = { type: "tcp", host: "new.test", port: 1, tls: false } as const;
  const routes = [named(1), [added]].map((upstreams, i) => routeTo(reverseProxy(upstreams, by(dns)), i));
  const prepared = await proxy.worker.prepare(configWith({ upstreams: [], routes }), ALONE);
  if (!(prepared instanceof Prepared)) throw new Error(prepared.type);
  dns.records.set("app.test", { a: ["127.0.0.3"] });
  await proxy.log.until(() => said(proxy, "name has other addresses") === 1, "the other address");
  await prepared.commit();
  expect(proxy.worker.peers.map(({ name }) => name).sort()).toEqual([
    "app.test:1 (127.0.0.3)",
    "new.test:1 (127.0.0.4)",
  ]);
});

test.concurrent("a reload with another interval has no gap while the resolver is silent", async () => {
  await using hosts = new Hosts(["127.0.0.2"]);
  await using dns = await DnsServer.start({ "app.test": { a: ["127.0.0.2"] } });
  await using proxy = await startProxy(named(hosts.port), { proxy: by(dns) });
  dns.mood = "silent";
  const resolve = { refreshMs: 2_000, resolvers: [dns.address] };
  await proxy.worker.reload(configWith({ upstreams: named(hosts.port), proxy: { resolve } }));
  expect(await answering(proxy, FIELDS, 2)).toEqual(["127.0.0.2"]);
});

test.concurrent("a new address is checked, and one that stays is not checked anew", async () => {
  await using hosts = new Hosts(["127.0.0.2", "127.0.0.3"]);
  await using dns = await DnsServer.start({ "app.test": { a: ["127.0.0.2"] } });
  const activeHealth = { ...ACTIVE_HEALTH_DEFAULTS, status: 2, uri: "/health", intervalMs: 600_000 };
  await using _ = await startProxy(named(hosts.port), { proxy: by(dns, { activeHealth }) });
  await until(() => hosts.checked.length === 1, "the first check");
  dns.records.set("app.test", { a: ["127.0.0.2", "127.0.0.3"] });
  await until(() => hosts.checked.length === 2, "the second check");
  expect(hosts.checked).toEqual(["127.0.0.2", "127.0.0.3"]);
});
