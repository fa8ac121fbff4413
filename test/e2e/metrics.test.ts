import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { HandlerConfig, RouteConfig, UpstreamAddress } from "../../src/config/model.ts";
import { sampleIn, startOverviewed, untilSo } from "../helpers/overviewed.ts";
import { configWith, type ProxyOptions, reverseProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { RawOrigin, refusingPort, type Script } from "../helpers/raw-origin.ts";

setDefaultTimeout(20_000);

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

function at(port: number): UpstreamAddress {
  return { type: "tcp", host: "127.0.0.1", port, tls: false };
}

function route(name: string, handler: HandlerConfig, match: RouteConfig["match"] = []): RouteConfig {
  return { name, match, handlers: [handler], terminal: false };
}

const answer = (status: string): HandlerConfig => ({ type: "respond", status, body: "hi", close: false });

interface Setting {
  readonly port: number;
  /** Of now. */
  readonly sample: (sample: string) => Promise<number | undefined>;
  /** The label of its one upstream. */
  readonly upstream: string;
  readonly overviewed: Awaited<ReturnType<typeof startOverviewed>>;
}

async function withProxy(options: ProxyOptions, use: (setting: Setting) => Promise<void>): Promise<void> {
  await using overviewed = await startOverviewed(configWith(options));
  const sample = async (name: string) => sampleIn(await overviewed.overview.metrics("prometheus"), name);
  const [first] = options.upstreams;
  const upstream = first?.type === "tcp" ? `{upstream="127.0.0.1:${first.port}"}` : "";
  await use({ port: overviewed.port, sample, upstream, overviewed });
}

async function withOrigin(script: Script, options: Partial<ProxyOptions>, use: (setting: Setting) => Promise<void>) {
  await using origin = RawOrigin.start(script);
  await withProxy({ upstreams: [at(origin.port)], ...options }, use);
}

describe("requests", () => {
  test("are counted by host, route and status: what is not configured makes no label", async () => {
    const routes = [
      route("app", answer("200"), [[{ type: "host", hosts: ["app.example", "*.below.example"] }]]),
      route("api", answer("418"), [[{ type: "path", patterns: ["/api/*"] }]]),
    ];
    await withProxy({ upstreams: [], routes }, async ({ port, sample }) => {
      await using client = await RawClient.connect(port);
      const get = (host: string, target: string) => client.request("GET", target, [`Host: ${host}`]);
      for (const host of ["app.example", "APP.example:81", "a.below.example", "b.below.example"]) await get(host, "/");
      for (let i = 0; i < 20; i++) await get(`made-up-${i}.example`, "/api/x");
      await get("made-up.example", "/elsewhere");
      expect(await sample('gatekeeper_requests_total{host="app.example",route="app",code="200"}')).toBe(2);
      expect(await sample('gatekeeper_requests_total{host="*.below.example",route="app",code="200"}')).toBe(2);
      expect(await sample('gatekeeper_requests_total{host="_other",route="api",code="418"}')).toBe(20);
      expect(await sample('gatekeeper_requests_total{host="_other",route="_none",code="404"}')).toBe(1);
      expect(await sample('gatekeeper_errors_total{reason="no_route"}')).toBe(1);
      expect(await sample('gatekeeper_request_duration_seconds_count{route="api"}')).toBe(20);
      expect(await sample('gatekeeper_response_size_bytes_sum{route="app"}')).toBe(8);
    });
  });

  test("of routes within routes belong to the innermost that answered", async () => {
    const inner = [route("a", answer("200"), [[{ type: "path", patterns: ["/a"] }]])];
    const routes = [route("outer", { type: "routes", routes: inner }), route("rest", answer("204"))];
    await withProxy({ upstreams: [], routes }, async ({ port, sample }) => {
      for (const path of ["/a", "/b"]) await fetch(`http://127.0.0.1:${port}${path}`);
      expect(await sample('gatekeeper_requests_total{host="_other",route="outer > a",code="200"}')).toBe(1);
      expect(await sample('gatekeeper_requests_total{host="_other",route="rest",code="204"}')).toBe(1);
    });
  });

  test("of a route in maintenance belong to it", async () => {
    await withProxy({ upstreams: [], routes: [route("app", answer("200"))] }, async ({ port, sample, overviewed }) => {
      await overviewed.supervisor.control({ type: "maintenance", on: true, route: "app" });
      await fetch(`http://127.0.0.1:${port}/`);
      expect(await sample('gatekeeper_requests_total{host="_other",route="app",code="503"}')).toBe(1);
      expect(await sample('gatekeeper_errors_total{reason="maintenance"}')).toBe(1);
    });
  });

  test("are in flight until their answer has ended, with the bytes of both bodies counted then", async () => {
    const gate = Promise.withResolvers<void>();
    const script: Script = async (exchange) => {
      await exchange.reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
      await gate.promise;
      exchange.connection.send("2\r\nde\r\n0\r\n\r\n");
    };
    await withOrigin(script, {}, async ({ port, sample }) => {
      const response = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: "1234567" });
      await untilSo(async () => (await sample("gatekeeper_requests_in_flight")) === 1, "gatekeeper_requests_in_flight");
      expect(await sample('gatekeeper_request_duration_seconds_count{route="/"}')).toBeUndefined();
      gate.resolve();
      expect(await response.text()).toBe("abcde");
      await untilSo(
        async () => (await sample('gatekeeper_request_duration_seconds_count{route="/"}')) === 1,
        'gatekeeper_request_duration_seconds_count{route="/"}',
      );
      expect(await sample("gatekeeper_requests_in_flight")).toBe(0);
      expect(await sample('gatekeeper_request_body_bytes_total{route="/"}')).toBe(7);
      expect(await sample('gatekeeper_response_size_bytes_sum{route="/"}')).toBe(5);
    });
  });

  test("with a body of unknown length count its bytes as they go by", async () => {
    await withOrigin(OK, {}, async ({ port, sample }) => {
      await using client = await RawClient.connect(port);
      const chunks = "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n";
      await client.request("POST", "/", ["Host: a", "User-Agent: x", "Transfer-Encoding: chunked"], chunks);
      expect(await sample('gatekeeper_request_body_bytes_total{route="/"}')).toBe(7);
    });
  });

  test("that are event streams have no say in the durations", async () => {
    const head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    const events = `${head}9\r\ndata: 1\n\n\r\n0\r\n\r\n`;
    await withOrigin(events, {}, async ({ port, sample }) => {
      await (await fetch(`http://127.0.0.1:${port}/`)).text();
      await untilSo(
        async () => (await sample('gatekeeper_requests_total{host="_other",route="/",code="200"}')) === 1,
        'gatekeeper_requests_total{host="_other",route="/",code="200"}',
      );
      expect(await sample('gatekeeper_request_duration_seconds_count{route="/"}')).toBe(0);
    });
  });

  test("are not counted where metrics are off, and again where a reload turns them on", async () => {
    await withOrigin(OK, { process: { metrics: false } }, async ({ port, sample, overviewed }) => {
      const get = async () => await (await fetch(`http://127.0.0.1:${port}/`)).text();
      await get();
      expect(await sample('gatekeeper_requests_total{host="_other",route="/",code="200"}')).toBeUndefined();
      expect(await sample('gatekeeper_worker_up{worker="1"}')).toBe(1);
      const { config } = overviewed.supervisor;
      await overviewed.supervisor.reload({ ...config, process: { ...config.process, metrics: true } });
      await get();
      expect(await sample('gatekeeper_requests_total{host="_other",route="/",code="200"}')).toBe(1);
    });
  });

  test("go on being counted through a reload that takes their route away, and brings it back", async () => {
    await withProxy({ upstreams: [], routes: [route("app", answer("200"))] }, async ({ port, sample, overviewed }) => {
      const { supervisor } = overviewed;
      for (const name of ["app", "other", "app"]) {
        await supervisor.reload(configWith({ upstreams: [], routes: [route(name, answer("200"))] }));
        await fetch(`http://127.0.0.1:${port}/`);
      }
      expect(await sample('gatekeeper_requests_total{host="_other",route="app",code="200"}')).toBe(2);
      expect(await sample('gatekeeper_requests_total{host="_other",route="other",code="200"}')).toBe(1);
    });
  });
});

describe("upstreams", () => {
  test("attempts, failures and retries are counted where they belong", async () => {
    const dead = refusingPort();
    await using origin = RawOrigin.start(OK);
    const retry = {
      retries: 1,
      tryDurationMs: 0,
      tryIntervalMs: 250,
      match: [],
      budgetPercent: 100,
      budgetMinPerSecond: 10,
    };
    const upstreams = [at(dead), at(origin.port)];
    const routes = [route("app", { type: "proxy", proxy: reverseProxy(upstreams, { retry }) })];
    await withProxy({ upstreams, routes }, async ({ port, sample }) => {
      // In turn: every second request meets the dead one first.
      for (let i = 0; i < 4; i++) expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(200);
      const [gone, alive] = [`{upstream="127.0.0.1:${dead}"}`, `{upstream="127.0.0.1:${origin.port}"}`];
      const retries = (await sample('gatekeeper_upstream_retries_total{route="app"}')) ?? 0;
      expect(retries).toBeGreaterThan(0);
      expect(await sample(`gatekeeper_upstream_requests_total${gone}`)).toBe(retries);
      expect(await sample(`gatekeeper_upstream_failures_total${gone}`)).toBe(retries);
      expect(await sample(`gatekeeper_upstream_latency_seconds_count${gone}`)).toBe(0);
      expect(await sample(`gatekeeper_upstream_requests_total${alive}`)).toBe(4);
      expect(await sample(`gatekeeper_upstream_failures_total${alive}`)).toBe(0);
      expect(await sample(`gatekeeper_upstream_latency_seconds_count${alive}`)).toBe(4);
      expect(await sample('gatekeeper_errors_total{reason="connection_refused"}')).toBeUndefined();
      expect(await sample(`gatekeeper_upstream_healthy${gone}`)).toBe(1);
    });
  });

  test.each([
    ["as it is passed on", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", 200],
    ["while it is gathered", "Content-Length: 5\r\n\r\nabc", 502],
  ])("an answer that breaks off %s is one attempt and one failure", async (_, rest, status) => {
    const broken: Script = async (exchange) => {
      await exchange.reply(`HTTP/1.1 200 OK\r\n${rest}`);
      exchange.connection.end();
    };
    await withOrigin(broken, {}, async ({ port, sample, upstream }) => {
      await using client = await RawClient.connect(port);
      client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
      await client.head();
      await untilSo(
        async () => (await sample(`gatekeeper_upstream_failures_total${upstream}`)) === 1,
        `gatekeeper_upstream_failures_total${upstream}`,
      );
      expect(await sample(`gatekeeper_upstream_requests_total${upstream}`)).toBe(1);
      expect(await sample(`gatekeeper_requests_total{host="_other",route="/",code="${status}"}`)).toBe(1);
    });
  });

  test("a client that leaves is no failure of its upstream", async () => {
    const gate = Promise.withResolvers<void>();
    await withOrigin(
      () => gate.promise,
      {},
      async ({ port, sample, upstream }) => {
        const client = await RawClient.connect(port);
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await untilSo(
          async () => (await sample(`gatekeeper_upstream_requests_in_flight${upstream}`)) === 1,
          `gatekeeper_upstream_requests_in_flight${upstream}`,
        );
        client[Symbol.dispose]();
        await untilSo(
          async () => (await sample('gatekeeper_errors_total{reason="client_gone"}')) === 1,
          'gatekeeper_errors_total{reason="client_gone"}',
        );
        gate.resolve();
        expect(await sample(`gatekeeper_upstream_failures_total${upstream}`)).toBe(0);
        expect(await sample('gatekeeper_requests_total{host="_other",route="/",code="499"}')).toBe(1);
      },
    );
  });
});
