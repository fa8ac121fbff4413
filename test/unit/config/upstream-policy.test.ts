import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { parseArgv } from "../../../src/cli/argv.ts";
import { startText } from "../../../src/config/describe.ts";
import { loadConfig } from "../../../src/config/load.ts";
import type { Config, PolicyConfig, ReverseProxyConfig } from "../../../src/config/model.ts";
import { UPSTREAM_POLICY_DEFAULTS } from "../../../src/config/upstream-model.ts";
import { temporaryFolder } from "../../helpers/binary.ts";

async function configOf(yaml: string, ...words: readonly string[]): Promise<Config> {
  using folder = temporaryFolder();
  const path = join(folder.path, "gatekeeper.yaml");
  await Bun.write(path, yaml.replaceAll("$DIR", folder.path));
  await Bun.write(join(folder.path, "secret"), "hush\n");
  const { settings: flags, conf } = parseArgv([...words, "-c", path]);
  const { config, problems } = await loadConfig({ flags, conf, logVariable: undefined, environment: {} });
  expect(problems).toEqual([]);
  if (config === undefined) throw new Error("there is no configuration");
  return config;
}

function proxyOf({ listeners }: Config, route = 0): ReverseProxyConfig {
  const handler = listeners[0]?.routes[route]?.handlers.at(-1);
  if (handler?.type !== "proxy") throw new Error("the route forwards nowhere");
  return handler.proxy;
}

/** A route to two upstreams with these lines beside them, and lines at the top of the file. */
async function loaded(lines: string, top = ""): Promise<ReverseProxyConfig> {
  const own = lines.split("\n").map((line) => `    ${line}\n`);
  return proxyOf(await configOf(`bind: :8008\n${top}routes:\n  - upstreams: [":3000", ":3001"]\n${own.join("")}`));
}

test("a route that says nothing of its upstreams has the defaults", async () => {
  expect(await loaded("")).toMatchObject(UPSTREAM_POLICY_DEFAULTS);
});

describe("lb_policy", () => {
  const random: PolicyConfig = { type: "random" };
  test.each<[string, PolicyConfig]>([
    ["uri_hash", { type: "uri_hash" }],
    ["random_choose", { type: "random_choose", choose: 2 }],
    ["{ random_choose: 2 }", { type: "random_choose", choose: 2 }],
    ["{ header: X-Id }", { type: "header", field: "X-Id", fallback: random }],
    ["{ query: { key: id, fallback: first } }", { type: "query", key: "id", fallback: { type: "first" } }],
    [
      "{ cookie: { secret: s, max_age: 1h, fallback: { header: X-Id } } }",
      {
        type: "cookie",
        name: "lb",
        secret: "s",
        maxAgeMs: 3_600_000,
        fallback: { type: "header", field: "X-Id", fallback: random },
      },
    ],
    [
      "{ cookie: { name: c, secret: { file: $DIR/secret } } }",
      { type: "cookie", name: "c", secret: "hush", maxAgeMs: 0, fallback: random },
    ],
  ])("%s", async (yaml, policy) => {
    expect((await loaded(`lb_policy: ${yaml}`)).balance).toEqual({ policy, weights: [] });
  });

  test("weights stand beside it, in the order of the upstreams", async () => {
    const { balance } = await loaded("lb_policy: weighted_round_robin\nweights: [3, 1]");
    expect(balance).toEqual({ policy: { type: "weighted_round_robin" }, weights: [3, 1] });
  });
});

test("everything that a route may say of retries, health, limits and hold comes to the model", async () => {
  const proxy = await loaded(
    [
      "lb_retry_match: [{ method: PUT }, { path: /safe/* }]",
      "retry_budget: { percent: 50, min_per_second: 3 }",
      'health_uri: /up\nhealth_body: "^ok"\nhealth_method: HEAD',
      "health_headers: { Host: a.example, X-A: [b, c] }\nhealth_follow_redirects: true",
      "fail_duration: 1m\nunhealthy_status: [5xx, 429]",
      "circuit_breaker: { error_percent: 10, window: 1s, min_requests: 2, open: 3s, trials: 4 }",
      "max_conns_per_host: 5\nmax_queued: 6\nqueue_timeout: 7s",
      "websocket_hold: { limit: 30s, interval: 1s }",
    ].join("\n"),
  );
  expect(proxy.retry).toMatchObject({
    match: [[{ type: "method", methods: ["PUT"] }], [{ type: "path", patterns: ["/safe/*"] }]],
    budgetPercent: 50,
    budgetMinPerSecond: 3,
  });
  expect(proxy.activeHealth).toMatchObject({
    type: "http",
    uri: "/up",
    body: "^ok",
    method: "HEAD",
    headers: [
      { field: "Host", value: "a.example" },
      { field: "X-A", value: "b" },
      { field: "X-A", value: "c" },
    ],
    followRedirects: true,
  });
  expect(proxy.passiveHealth).toMatchObject({ failDurationMs: 60_000, unhealthyStatuses: [5, 429] });
  expect(proxy.breaker).toEqual({ errorPercent: 10, windowMs: 1000, minRequests: 2, openMs: 3000, trials: 4 });
  expect(proxy.limit).toEqual({ maxRequests: 5, maxQueued: 6, queueTimeoutMs: 7000 });
  expect(proxy.hold).toEqual({ limitMs: 30_000, intervalMs: 1000 });
});

describe("the top of the file", () => {
  const TOP = "lb_policy: first\nlb_try_duration: 5s\nhealth_uri: /up\nfail_duration: 1m\nresolvers: 127.0.0.1\n";

  test("has the defaults of every route, which may say otherwise or say more", async () => {
    const plain = await loaded("", TOP);
    expect(plain.balance.policy).toEqual({ type: "first" });
    expect(plain.retry.tryDurationMs).toBe(5000);
    expect(plain.activeHealth).toMatchObject({ type: "http", uri: "/up" });
    expect(plain.resolve.resolvers).toEqual(["127.0.0.1"]);
    const own = await loaded("lb_policy: random\nhealth_timeout: 1s\nmax_fails: 2\nlb_try_duration: 0", TOP);
    expect(own.balance.policy).toEqual({ type: "random" });
    expect(own.activeHealth).toMatchObject({ uri: "/up", timeoutMs: 1000 });
    expect(own.passiveHealth).toMatchObject({ failDurationMs: 60_000, maxFails: 2 });
    expect(own.retry.tryDurationMs).toBe(0);
  });

  test("has checks that a route's own kind of check takes the place of", async () => {
    expect((await loaded("hc_freq: 7", TOP)).activeHealth).toMatchObject({ type: "tcp", intervalMs: 7000 });
    expect((await loaded("hc_freq: 0", TOP)).activeHealth).toBeUndefined();
    expect((await loaded("health_port: 81", "hc_freq: 7\n")).activeHealth).toMatchObject({ type: "http", port: 81 });
  });

  test("and flags say it without routes", async () => {
    const words = "--upstream :3000 --upstream :3001 --lb-policy least_conn --lb-try-duration 5s --health-uri /up";
    const proxy = proxyOf(await configOf("bind: :8008\nmax_fails: 2\n", ...words.split(" "), "--fail-duration", "9s"));
    expect(proxy.balance.policy).toEqual({ type: "least_conn" });
    expect(proxy.retry.tryDurationMs).toBe(5000);
    expect(proxy.activeHealth).toMatchObject({ type: "http", uri: "/up" });
    expect(proxy.passiveHealth).toMatchObject({ failDurationMs: 9000, maxFails: 2 });
  });
});

describe("upstreams that are looked up", () => {
  const a = { type: "a", name: "app.internal", port: 8080, ipv4: true, ipv6: true, tls: false } as const;
  test.each([
    ["{ a: { name: app.internal } }", { ...a, port: 80 }],
    ["{ a: { name: app.internal, port: 8080, versions: ipv4 } }", { ...a, ipv6: false }],
    ["{ srv: _api._tcp.example.com }", { type: "srv", name: "_api._tcp.example.com", tls: false }],
  ] as const)("%s", async (yaml, dynamic) => {
    const proxy = proxyOf(await configOf(`bind: :8008\nroutes:\n  - upstreams: ${yaml}\n`));
    expect(proxy).toMatchObject({ upstreams: [], dynamic, resolve: { refreshMs: 60_000, resolvers: [] } });
  });

  test("may be spoken TLS to, and has its own interval and resolvers", async () => {
    const config = await configOf(
      "bind: :8008\nroutes:\n  - upstreams: { a: { name: app.internal, port: 443 } }\n    tls: true\n    sni: b.example\n    resolve_interval: 5s\n    resolvers: [127.0.0.1:53]\n",
    );
    const proxy = proxyOf(config);
    expect(proxy.dynamic).toEqual({ ...a, port: 443, tls: true });
    expect(proxy.upstreamTls.serverName).toBe("b.example");
    expect(proxy.resolve).toEqual({ refreshMs: 5000, resolvers: ["127.0.0.1:53"] });
    expect(startText(config)).toContain("app.internal");
  });
});

test("handle_response is statuses and fields, with another status or routes", async () => {
  const { onResponse } = await loaded(
    [
      "handle_response:",
      "  - { status: [404, 5xx], match_header: { X-A: present }, replace_status: 410 }",
      "  - { header: { set: { X-B: c } }, respond: own }",
      "  - { status: 403, routes: [{ copy_response_headers: X-A, copy_response: 201 }] }",
    ].join("\n"),
  );
  expect(onResponse).toMatchObject([
    {
      statuses: [404, 5],
      fields: [{ field: "X-A", values: "present" }],
      then: { type: "replace_status", status: "410" },
    },
    {
      statuses: [],
      fields: [],
      then: { type: "routes", routes: [{ handlers: [{ type: "header" }, { type: "respond", body: "own" }] }] },
    },
    {
      statuses: [403],
      then: {
        type: "routes",
        routes: [
          {
            handlers: [
              { type: "copy_response_headers", fields: ["X-A"], except: false },
              { type: "copy_response", status: "201" },
            ],
          },
        ],
      },
    },
  ]);
});
