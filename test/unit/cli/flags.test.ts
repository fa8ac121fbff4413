import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { parseArgv } from "../../../src/cli/argv.ts";
import { FLAGS } from "../../../src/cli/flags.ts";
import { loadInvocation } from "../../../src/cli/run.ts";
import type { Loaded } from "../../../src/config/load.ts";
import type { Config, ReverseProxyConfig, RouteConfig } from "../../../src/config/model.ts";

const TLS = join(import.meta.dir, "../../golden/tls");
const CERT = join(TLS, "site.pem");
const KEY = join(TLS, "site.key");

async function load(...words: string[]): Promise<Loaded> {
  return await loadInvocation(parseArgv(words), undefined);
}

async function configOf(...words: string[]): Promise<Config> {
  const { config, problems } = await load(...words);
  if (config === undefined) throw new Error(JSON.stringify(problems));
  return config;
}

async function routeOf(...words: string[]): Promise<RouteConfig> {
  const [route] = (await configOf(...words)).listeners[0]?.routes ?? [];
  if (route === undefined) throw new Error("no route");
  return route;
}

async function proxyOf(...words: string[]): Promise<ReverseProxyConfig> {
  const [handler] = (await routeOf(...words)).handlers;
  if (handler?.type !== "proxy") throw new Error("the route does not forward");
  return handler.proxy;
}

const BOTH = ["--bind", ":8008", "--upstream", ":3000"] as const;
const SECURE = ["--bind", ":8008", "--upstream", "https://a.example"] as const;
const PEER = { type: "tcp", host: "10.0.0.1", port: 3000, tls: false } as const;

describe("every spelling ends in the Config", () => {
  test.each(["--bind", "--ba"])("%s", async (flag) => {
    for (const words of [[flag, "10.0.0.1:80"], [`${flag}=10.0.0.1:80`]]) {
      const { listeners } = await configOf(...words, "--pa", ":3000");
      expect(listeners.map((each) => each.address)).toEqual([{ type: "tcp", host: "10.0.0.1", port: 80 }]);
    }
  });

  test.each(["--upstream", "--pa", "--ua"])("%s", async (flag) => {
    for (const words of [[flag, "10.0.0.1:3000"], [`${flag}=10.0.0.1:3000`]]) {
      expect((await proxyOf("--bind", ":8008", ...words)).upstreams).toEqual([PEER]);
    }
  });

  test("upstreams are taken in order, in mixed spellings", async () => {
    const words = ["--pa", "a:1", "--upstream=b:2-3", "--ua", "unix//run/c.sock"];
    const { upstreams } = await proxyOf("--ba", ":8008", ...words);
    expect(upstreams.map((each) => (each.type === "unix" ? each.path : `${each.host}:${each.port}`))).toEqual([
      "a:1",
      "b:2",
      "b:3",
      "/run/c.sock",
    ]);
  });

  test("a range and repeats of --bind make several listeners", async () => {
    const { listeners } = await configOf("--bind", ":8001-8002", "--ba", "unix//run/g.sock", "--pa", ":3000");
    expect(listeners.map((each) => each.address)).toEqual([
      { type: "tcp", host: "::", port: 8001 },
      { type: "tcp", host: "::", port: 8002 },
      { type: "unix", path: "/run/g.sock" },
    ]);
  });

  test("--cp", async () => {
    const matchOf = async (text: string): Promise<unknown> => (await routeOf(...BOTH, "--cp", text)).match;
    const path = (type: string, path: string): unknown => [[{ type: "context_path", pattern: { type, path } }]];
    expect(await matchOf("/up")).toEqual(path("segments", "/up"));
    expect(await matchOf("/up/")).toEqual(path("segments", "/up"));
    expect(await matchOf("/up*")).toEqual(path("prefix", "/up"));
    expect(await matchOf("/up/*")).toEqual(path("prefix", "/up/"));
    expect(await matchOf("/")).toEqual([]);
    expect(await matchOf("/grün")).toEqual(path("segments", "/gr%C3%BCn"));
  });

  test.each(["--host", "--rh"])("%s", async (flag) => {
    expect((await proxyOf(...BOTH, flag, "App.example:8080")).host).toBe("app.example:8080");
  });

  test.each(["--hc-freq", "--hcf"])("%s is in seconds, or has a unit", async (flag) => {
    expect((await proxyOf(...BOTH, flag, "5")).activeHealth?.intervalMs).toBe(5000);
    expect((await proxyOf(...BOTH, flag, "1m")).activeHealth?.intervalMs).toBe(60_000);
  });

  test.each([
    ["--cert", "--key"],
    ["--cfp", "--kfp"],
  ])("%s and %s", async (cert, key) => {
    const [listener] = (await configOf(...BOTH, cert, CERT, key, KEY)).listeners;
    expect(listener?.http2).toBe(true);
    const texts = { cert: await Bun.file(CERT).text(), key: await Bun.file(KEY).text() };
    expect(listener?.tls).toEqual([{ serverNames: [], certFile: CERT, keyFile: KEY, ...texts }]);
  });

  test("--idle-timeout is in seconds, or has a unit", async () => {
    expect((await proxyOf(...BOTH, "--idle-timeout", "90")).keepAlive.idleTimeoutMs).toBe(90_000);
    expect((await proxyOf(...BOTH, "--idle-timeout", "2m")).keepAlive.idleTimeoutMs).toBe(120_000);
  });

  test("--tls, and https:// without it", async () => {
    const tlsOf = async (...words: string[]): Promise<unknown> =>
      (await proxyOf("--bind", ":8008", ...words)).upstreams.map((each) => each.tls);
    expect(await tlsOf("--tls", "--pa", "a:1")).toEqual([true]);
    expect(await tlsOf("--pa", "https://a", "--pa", "b:1")).toEqual([true, false]);
    expect(await tlsOf("--pa", "a:1", "--tls=false")).toEqual([false]);
  });

  test("--sni, --insecure, --enable-h2", async () => {
    expect((await proxyOf(...SECURE, "--sni", "B.example")).upstreamTls.serverName).toBe("b.example");
    expect((await proxyOf(...SECURE)).upstreamTls).toMatchObject({ verify: true, http2: false });
    expect((await proxyOf(...SECURE, "--insecure")).upstreamTls.verify).toBe(false);
    expect((await proxyOf(...SECURE, "--enable-h2")).upstreamTls.http2).toBe(true);
  });

  test("--ca-file, --client-cert and --client-key", async () => {
    const words = ["--ca-file", CERT, "--client-cert", CERT, "--client-key", KEY];
    const { upstreamTls } = await proxyOf(...SECURE, ...words);
    const [cert, key] = await Promise.all([Bun.file(CERT).text(), Bun.file(KEY).text()]);
    expect(upstreamTls).toMatchObject({ ca: cert, clientCert: cert, clientKey: key });
  });

  test("--trusted-proxies, repeated and in one", async () => {
    const { trustedProxies } = await proxyOf(
      ...BOTH,
      "--trusted-proxies",
      "10.0.0.0/8,::1",
      "--trusted-proxies",
      "::1",
    );
    expect(trustedProxies).toEqual(["10.0.0.0/8", "::1/128"]);
  });

  test("the limits on an attempt and on WebSockets", async () => {
    const proxy = await proxyOf(
      ...BOTH,
      ...["--dial-timeout", "1s", "--response-header-timeout", "2s", "--read-timeout=3s", "--max-retries", "4"],
      ...["--write-timeout", "4s"],
      ...["--response-buffer", "5KiB", "--websocket-max-message", "6MiB", "--websocket-timeout", "7s"],
      ...["--websocket-handshake-timeout", "8s"],
    );
    expect(proxy.timeouts).toEqual({ dialMs: 1000, responseHeaderMs: 2000, readMs: 3000, writeMs: 4000 });
    expect(proxy.maxAttempts).toBe(4);
    expect(proxy.responseBufferBytes).toBe(5120);
    expect(proxy.websocket).toEqual({ maxMessageBytes: 6_291_456, deadAfterMs: 7000, handshakeTimeoutMs: 8000 });
  });

  test("the limits on a client", async () => {
    const words = ["--client-idle-timeout", "9s", "--client-body-timeout", "8s", "--max-request-body", "1MB"];
    const [listener] = (await configOf(...BOTH, ...words)).listeners;
    expect(listener).toMatchObject({
      clientIdleTimeoutMs: 9000,
      clientBodyTimeoutMs: 8000,
      maxRequestBodyBytes: 1_000_000,
    });
  });

  test("the limits on what is served at once", async () => {
    const { process } = await configOf(...BOTH, "--max-connections", "100", "--max-connections-per-ip", "5");
    expect(process).toMatchObject({ maxConnections: 100, maxConnectionsPerIp: 5 });
  });

  test("--log-level and --log-format", async () => {
    expect((await load(...BOTH, "--log-level", "debug", "--log-format=json")).log).toEqual({
      level: "debug",
      format: "json",
    });
  });

  test("--nocapture changes nothing", async () => {
    expect(await configOf(...BOTH, "--nocapture")).toEqual(await configOf(...BOTH));
  });

  test.each(["-d", "--daemon"])("%s, and with it a pid file where none is named", async (flag) => {
    const { process } = await configOf(...BOTH, flag, "--error-log", "/e.log");
    expect(process).toMatchObject({ daemon: true, pidFile: "/tmp/gatekeeper.pid", errorLog: "/e.log" });
    expect((await configOf(...BOTH, flag, "--pid-file", "/g.pid")).process.pidFile).toBe("/g.pid");
  });

  test.each([
    ["-t", "test"],
    ["--test", "test"],
    ["-u", "upgrade"],
    ["--upgrade", "upgrade"],
    ["-h", "help"],
    ["--help", "help"],
    ["-V", "version"],
    ["--version", "version"],
    ["--nocapture", "nocapture"],
  ] as const)("%s", (flag, action) => {
    const { actions, problems } = parseArgv([flag]);
    expect([...actions.keys()]).toEqual([action]);
    expect(problems).toEqual([]);
  });

  test.each(["-c a.yaml", "-ca.yaml", "-c=a.yaml", "--conf a.yaml", "--conf=a.yaml", "-tc a.yaml"])("%s", (line) => {
    const { conf, problems } = parseArgv(line.split(" "));
    expect(conf?.path).toBe("a.yaml");
    expect(problems).toEqual([]);
  });
});

const PROCESS = {
  threads: 1,
  workerHangTimeoutMs: 10_000,
  daemon: false,
  pidFile: undefined,
  errorLog: undefined,
  user: undefined,
  group: undefined,
  workingDirectory: undefined,
  upgradeSock: "/tmp/gatekeeper_upgrade.sock",
  gracePeriodMs: 30_000,
  gracefulShutdownTimeoutMs: 5000,
  metrics: true,
  requestId: undefined,
  traceContext: false,
  maintenancePage: undefined,
  maxConnections: 0,
  maxConnectionsPerIp: 0,
  clientBindToIpv4: [],
  clientBindToIpv6: [],
  daemonWaitForReady: false,
  daemonReadyTimeoutMs: 600_000,
  daemonNotifyTimeoutMs: 60_000,
};

test("what is not said has the default of the table, and the Config is whole", async () => {
  const { config, log, problems } = await load(...BOTH);
  expect(problems).toEqual([]);
  expect(log).toEqual({ level: "info", format: undefined });
  const proxy: ReverseProxyConfig = {
    upstreams: [{ type: "tcp", host: "localhost", port: 3000, tls: false }],
    balance: { policy: { type: "round_robin" }, weights: [] },
    dynamic: undefined,
    resolve: { refreshMs: 30_000, resolvers: [] },
    retry: { retries: 0, tryDurationMs: 0, tryIntervalMs: 250, match: [], budgetPercent: 20, budgetMinPerSecond: 10 },
    passiveHealth: {
      failDurationMs: 0,
      maxFails: 1,
      unhealthyStatuses: [],
      unhealthyLatencyMs: 0,
      unhealthyRequestCount: 0,
    },
    breaker: undefined,
    limit: { maxRequests: 0, maxQueued: 1000, queueTimeoutMs: 5000 },
    onResponse: [],
    hold: { limitMs: 0, intervalMs: 250 },
    host: undefined,
    upstreamTls: {
      serverName: undefined,
      verify: true,
      ca: undefined,
      clientCert: undefined,
      clientKey: undefined,
      http2: false,
    },
    activeHealth: undefined,
    maxAttempts: 16,
    timeouts: { dialMs: 3000, responseHeaderMs: 0, readMs: 0, writeMs: 0 },
    keepAlive: { idleTimeoutMs: 0, poolSize: 128 },
    client: "exact",
    responseBufferBytes: 1_048_576,
    websocket: { maxMessageBytes: 67_108_864, deadAfterMs: 60_000, handshakeTimeoutMs: 30_000 },
    trustedProxies: [],
    headerUp: undefined,
    headerDown: undefined,
    method: undefined,
    rewrite: undefined,
    streamCloseDelayMs: 10_000,
  };
  expect(config).toEqual({
    listeners: [
      {
        address: { type: "tcp", host: "::", port: 8008 },
        tls: [],
        http2: false,
        http3: false,
        clientIdleTimeoutMs: 255_000,
        clientBodyTimeoutMs: 0,
        maxRequestBodyBytes: 0,
        trustedProxies: [],
        routes: [{ name: "/", match: [], handlers: [{ type: "proxy", proxy }], terminal: false }],
      },
    ],
    process: PROCESS,
  });
});

test("every flag takes its value both ways, and every default is one that it would take", () => {
  for (const flag of FLAGS) {
    if (flag.default === undefined || !("setting" in flag.sets)) continue;
    const { setting } = flag.sets;
    for (const name of [flag.name, ...flag.older]) {
      for (const words of [[`--${name}`, flag.default], [`--${name}=${flag.default}`]]) {
        const { problems, settings } = parseArgv(words);
        expect(problems).toEqual([]);
        expect(settings.one(setting)?.text).toBe(flag.default);
      }
    }
  }
});

test("no two flags share a spelling", () => {
  const spellings = FLAGS.flatMap((flag) => [
    flag.name,
    ...flag.older,
    ...(flag.short === undefined ? [] : [flag.short]),
  ]);
  expect(new Set(spellings).size).toBe(spellings.length);
});
