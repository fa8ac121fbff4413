import { describe, expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { parseArgv } from "../../../src/cli/argv.ts";
import { loadInvocation } from "../../../src/cli/run.ts";
import type { Loaded } from "../../../src/config/load.ts";
import type { ReverseProxyConfig, RouteConfig } from "../../../src/config/model.ts";
import { FLAGS_ALONE } from "../../../src/config/schema/file.ts";
import { SETTING_NAMES, settingOf } from "../../../src/config/settings/table.ts";
import { temporaryFolder } from "../../helpers/binary.ts";

const TLS = join(import.meta.dir, "../../golden/tls");

/** Loads a conf.yaml with flags beside it. */
async function load(conf: string | Uint8Array, ...words: string[]): Promise<Loaded> {
  using folder = temporaryFolder();
  const path = join(folder.path, "conf.yaml");
  await Bun.write(path, conf);
  return await loadInvocation(parseArgv([...words, "-c", path]), undefined);
}

const BOTH = ["--bind", ":8008", "--upstream", ":3000"] as const;

/** A value that each key takes, other than its default, and where it is seen in what was loaded. */
const KEYS: Readonly<Record<string, readonly [yaml: string, seen: (loaded: Loaded) => unknown, value: unknown]>> = {
  bind: ["[':81', ':82']", ({ config }) => config?.listeners.length, 2],
  cert: [join(TLS, "site.pem"), ({ config }) => config?.listeners[0]?.tls[0]?.certFile, join(TLS, "site.pem")],
  key: [join(TLS, "site.key"), ({ config }) => config?.listeners[0]?.tls[0]?.keyFile, join(TLS, "site.key")],
  trusted_proxies: ["[10.0.0.1]", (each) => proxy(each)?.trustedProxies, ["10.0.0.1/32"]],
  admin: ["'[::1]:2019'", ({ admin }) => admin.address, { type: "tcp", host: "::1", port: 2019 }],
  upstream: ["https://a.example", (each) => proxy(each)?.upstreams.map((up) => up.tls), [true]],
  cp: ["/up*", matchOf, [[{ type: "context_path", pattern: { type: "prefix", path: "/up" } }]]],
  host: ["a.example", (each) => proxy(each)?.host, "a.example"],
  hc_freq: ["7", (each) => proxy(each)?.activeHealth?.intervalMs, 7000],
  idle_timeout: ["1m", (each) => proxy(each)?.keepAlive.idleTimeoutMs, 60_000],
  lb_policy: ["random_choose", (each) => proxy(each)?.balance.policy, { type: "random_choose", choose: 2 }],
  lb_retries: ["3", (each) => proxy(each)?.retry.retries, 3],
  lb_try_duration: ["5s", (each) => proxy(each)?.retry.tryDurationMs, 5000],
  lb_try_interval: ["1s", (each) => proxy(each)?.retry.tryIntervalMs, 1000],
  health_uri: ["/up", (each) => [proxy(each)?.activeHealth?.type, proxy(each)?.activeHealth?.uri], ["http", "/up"]],
  health_port: ["81", (each) => [proxy(each)?.activeHealth?.port, proxy(each)?.activeHealth?.uri], [81, "/"]],
  health_interval: ["7s", (each) => proxy(each)?.activeHealth?.intervalMs, 7000],
  health_timeout: ["7s", (each) => proxy(each)?.activeHealth?.timeoutMs, 7000],
  health_passes: ["7", (each) => proxy(each)?.activeHealth?.passes, 7],
  health_fails: ["7", (each) => proxy(each)?.activeHealth?.fails, 7],
  health_status: ["3xx", (each) => proxy(each)?.activeHealth?.status, 3],
  fail_duration: ["7s", (each) => proxy(each)?.passiveHealth.failDurationMs, 7000],
  max_fails: ["7", (each) => proxy(each)?.passiveHealth.maxFails, 7],
  unhealthy_latency: ["7s", (each) => proxy(each)?.passiveHealth.unhealthyLatencyMs, 7000],
  unhealthy_request_count: ["7", (each) => proxy(each)?.passiveHealth.unhealthyRequestCount, 7],
  max_conns_per_host: ["7", (each) => proxy(each)?.limit.maxRequests, 7],
  max_queued: ["7", (each) => proxy(each)?.limit.maxQueued, 7],
  queue_timeout: ["7s", (each) => proxy(each)?.limit.queueTimeoutMs, 7000],
  resolve_interval: ["7s", (each) => proxy(each)?.resolve.refreshMs, 7000],
  resolvers: ["[127.0.0.1:53]", (each) => proxy(each)?.resolve.resolvers, ["127.0.0.1:53"]],
  max_retries: ["3", (each) => proxy(each)?.maxAttempts, 3],
  tls: ["true", (each) => proxy(each)?.upstreams.map((up) => up.tls), [true]],
  sni: ["b.example", (each) => proxy(each)?.upstreamTls.serverName, "b.example"],
  insecure: ["true", (each) => proxy(each)?.upstreamTls.verify, false],
  ca_file: [join(TLS, "site.pem"), (each) => proxy(each)?.upstreamTls.ca?.startsWith("-----BEGIN"), true],
  client_cert: [join(TLS, "site.pem"), (each) => proxy(each)?.upstreamTls.clientCert?.startsWith("-----BEGIN"), true],
  client_key: [join(TLS, "site.key"), (each) => proxy(each)?.upstreamTls.clientKey?.startsWith("-----BEGIN"), true],
  enable_h2: ["true", (each) => proxy(each)?.upstreamTls.http2, true],
  dial_timeout: ["1s", (each) => proxy(each)?.timeouts.dialMs, 1000],
  response_header_timeout: ["1s", (each) => proxy(each)?.timeouts.responseHeaderMs, 1000],
  read_timeout: ["1s", (each) => proxy(each)?.timeouts.readMs, 1000],
  write_timeout: ["1s", (each) => proxy(each)?.timeouts.writeMs, 1000],
  client_idle_timeout: ["0", ({ config }) => config?.listeners[0]?.clientIdleTimeoutMs, 0],
  client_body_timeout: ["7s", ({ config }) => config?.listeners[0]?.clientBodyTimeoutMs, 7000],
  max_request_body: ["10", ({ config }) => config?.listeners[0]?.maxRequestBodyBytes, 10],
  response_buffer: ["0", (each) => proxy(each)?.responseBufferBytes, 0],
  websocket_max_message: ["1KiB", (each) => proxy(each)?.websocket.maxMessageBytes, 1024],
  websocket_timeout: ["0", (each) => proxy(each)?.websocket.deadAfterMs, 0],
  websocket_handshake_timeout: ["1s", (each) => proxy(each)?.websocket.handshakeTimeoutMs, 1000],
  version: ["1", ({ problems }) => problems.length, 0],
  threads: ["4", ({ config }) => config?.process.threads, 4],
  metrics: ["false", ({ config }) => config?.process.metrics, false],
  worker_hang_timeout: ["3s", ({ config }) => config?.process.workerHangTimeoutMs, 3000],
  max_connections: ["5", ({ config }) => config?.process.maxConnections, 5],
  max_connections_per_ip: ["6", ({ config }) => config?.process.maxConnectionsPerIp, 6],
  daemon: ["true", ({ config }) => config?.process.daemon, true],
  pid_file: ["/run/g.pid", ({ config }) => config?.process.pidFile, "/run/g.pid"],
  maintenance_page: [
    import.meta.path,
    ({ config, files }) => [config?.process.maintenancePage?.path, files.includes(import.meta.path)],
    [import.meta.path, true],
  ],
  error_log: ["/var/log/g.log", ({ config }) => config?.process.errorLog, "/var/log/g.log"],
  user: ["1000", ({ config }) => config?.process.user, "1000"],
  group: ["www", ({ config }) => config?.process.group, "www"],
  working_directory: ["/srv", ({ config }) => config?.process.workingDirectory, "/srv"],
  upgrade_sock: ["/run/g.sock", ({ config }) => config?.process.upgradeSock, "/run/g.sock"],
  upstream_keepalive_pool_size: ["7", (each) => proxy(each)?.keepAlive.poolSize, 7],
  upstream_client: ["fetch", (each) => proxy(each)?.client, "fetch"],
  stream_close_delay: ["1s", (each) => proxy(each)?.streamCloseDelayMs, 1000],
  grace_period_seconds: ["0", ({ config }) => config?.process.gracePeriodMs, 0],
  graceful_shutdown_timeout_seconds: ["7", ({ config }) => config?.process.gracefulShutdownTimeoutMs, 7000],
  client_bind_to_ipv4: ["[10.0.0.1]", ({ config }) => config?.process.clientBindToIpv4, ["10.0.0.1"]],
  client_bind_to_ipv6: ["['::1']", ({ config }) => config?.process.clientBindToIpv6, ["::1"]],
  daemon_wait_for_ready: ["true", ({ config }) => config?.process.daemonWaitForReady, true],
  daemon_ready_timeout_seconds: ["7", ({ config }) => config?.process.daemonReadyTimeoutMs, 7000],
  daemon_notify_timeout_seconds: ["7", ({ config }) => config?.process.daemonNotifyTimeoutMs, 7000],
  request_id: ["X-Correlation-Id", ({ config }) => config?.process.requestId?.field, "X-Correlation-Id"],
  request_id_answer: ["true", ({ config }) => config?.process.requestId?.answers, true],
  trace_context: ["true", ({ config }) => config?.process.traceContext, true],
  log_level: ["trace", ({ log }) => log.level, "trace"],
  log_format: ["json", ({ log }) => log.format, "json"],
};

function routeOf({ config }: Loaded): RouteConfig | undefined {
  return config?.listeners[0]?.routes[0];
}

function matchOf(loaded: Loaded): unknown {
  return routeOf(loaded)?.match;
}

function proxy(loaded: Loaded): ReverseProxyConfig | undefined {
  const handler = routeOf(loaded)?.handlers[0];
  return handler?.type === "proxy" ? handler.proxy : undefined;
}

/** What has to stand beside a key for it to make sense. */
function beside(name: string): string {
  if (name === "cert") return `key: ${join(TLS, "site.key")}\n`;
  if (name === "key") return `cert: ${join(TLS, "site.pem")}\n`;
  if (name === "client_cert") return `tls: true\nclient_key: ${join(TLS, "site.key")}\n`;
  if (name === "client_key") return `tls: true\nclient_cert: ${join(TLS, "site.pem")}\n`;
  if (name === "request_id_answer") return "request_id: on\n";
  if (name.startsWith("health_") && !["health_uri", "health_port"].includes(name)) return "health_uri: /\n";
  if (["max_fails", "unhealthy_latency"].includes(name)) return "fail_duration: 1s\n";
  return ["sni", "insecure", "ca_file", "enable_h2"].includes(name) ? "tls: true\n" : "";
}

describe("every key of conf.yaml ends in what was loaded", () => {
  const names = SETTING_NAMES.filter(
    (name) => settingOf(name).status !== "no_effect" && !FLAGS_ALONE.some((flag) => flag === name),
  );

  test.each([...names])("%s", async (name) => {
    const [yaml, seen, value] = KEYS[name] ?? [];
    if (seen === undefined) throw new Error(`${name} is not in the table of this test`);
    const flags = ["bind", "upstream"].filter((each) => each !== name).flatMap((each) => [`--${each}`, ":3000"]);
    const words = name === "bind" ? flags : [...flags.slice(2), ...(name === "upstream" ? flags : ["--bind", ":80"])];
    const loaded = await load(`${name}: ${yaml}\n${beside(name)}`, ...words);
    expect(loaded.problems.filter((each) => each.severity === "error")).toEqual([]);
    expect(seen(loaded)).toEqual(value);
  });
});

describe("one warning for each key", () => {
  test("that means nothing here", async () => {
    const names = SETTING_NAMES.filter((name) => settingOf(name).status === "no_effect");
    const conf = names.map((name) => `${name}: ${settingOf(name).kind.yaml === "boolean" ? "true" : "1"}\n`).join("");
    const { config, problems } = await load(conf, ...BOTH);
    expect(config).toBeDefined();
    expect(problems.map((each) => [each.severity, each.place.type])).toEqual(names.map(() => ["warning", "file"]));
  });

  test("whose effect comes later, and none where it says what holds anyway", async () => {
    const { problems } = await load("client_bind_to_ipv4: 10.0.0.1\nclient_bind_to_ipv6: fd00::1\n", ...BOTH);
    expect(problems.map((each) => each.severity)).toEqual(["warning", "warning"]);
    expect((await load("daemon: false\nerror_log: ~\n", ...BOTH)).problems).toEqual([]);
  });
});

describe("flags and file together", () => {
  test("flags win, one by one", async () => {
    const conf = "cp: /file\nhost: file.example\nbind: :1\nupstream: a:1\ntls: true\n";
    const loaded = await load(conf, "--bind", ":8008", "--cp", "/flag", "--tls=false");
    const { config } = loaded;
    expect(matchOf(loaded)).toEqual([[{ type: "context_path", pattern: { type: "segments", path: "/flag" } }]]);
    expect(proxy(loaded)?.host).toBe("file.example");
    expect(config?.listeners.map((each) => each.address)).toEqual([{ type: "tcp", host: "::", port: 8008 }]);
    expect(proxy(loaded)?.upstreams).toEqual([{ type: "tcp", host: "a", port: 1, tls: false }]);
  });

  test("a certificate in the file and its key on the command line belong together", async () => {
    const { problems } = await load(`cert: ${join(TLS, "site.pem")}\n`, ...BOTH, "--key", join(TLS, "site.key"));
    expect(problems).toEqual([]);
  });

  test("problems of both are all said at once", async () => {
    const { problems } = await load("threads: 0\nnothing: 1\n", "--bind", "x", "--frobnicate");
    expect(problems.map((each) => each.place.type)).toEqual(["flag", "flag", "file", "file", "command_line"]);
  });

  test("what cannot be read is not said to lack what it may have held", async () => {
    const { problems } = await load("bind: [\n");
    expect(problems.map((each) => each.place.type)).toEqual(["file"]);
  });
});

describe("files that are no text", () => {
  test("bytes that are not UTF-8", async () => {
    const { config, problems } = await load(new Uint8Array([0x62, 0xff, 0xfe, 0x3a]), ...BOTH);
    expect(config).toBeUndefined();
    expect(problems.map((each) => each.message)).toEqual(["the file is not UTF-8 text"]);
  });

  test("a byte order mark is passed over", async () => {
    expect((await load("\ufeffcp: /up\n", ...BOTH)).problems).toEqual([]);
  });

  test.skipIf(process.getuid?.() === 0)("a file that this user may not read", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "conf.yaml");
    await Bun.write(path, "version: 1\n");
    chmodSync(path, 0);
    const { problems } = await loadInvocation(parseArgv([...BOTH, "-c", path]), undefined);
    expect(problems.map((each) => each.message)).toEqual(["this user may not read the file"]);
  });
});

test("a start by flags alone loads neither YAML nor the schema of files", async () => {
  const transpiler = new Bun.Transpiler({ loader: "ts" });
  const seen = new Set<string>();
  const visit = async (file: string): Promise<void> => {
    if (seen.has(file)) return;
    seen.add(file);
    if (!file.startsWith("/")) return;
    const imports = transpiler.scanImports(await Bun.file(file).text());
    for (const { kind, path } of imports) {
      if (kind === "import-statement") await visit(path.startsWith(".") ? join(file, "..", path) : path);
    }
  };
  await visit(join(import.meta.dir, "../../../src/config/load.ts"));
  expect(seen.size).toBeGreaterThan(10);
  expect([...seen].filter((file) => /^yaml$|\/(?:schema|caddyfile)\/|\/(?:yaml|decode)\.ts$/.test(file))).toEqual([]);
});
