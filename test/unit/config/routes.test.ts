import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { parseArgv } from "../../../src/cli/argv.ts";
import { loadConfig, type Loaded } from "../../../src/config/load.ts";
import { startText } from "../../../src/config/describe.ts";
import type { HandlerConfig, ListenerConfig, MatcherConfig, RouteConfig } from "../../../src/config/model.ts";
import { temporaryFolder } from "../../helpers/binary.ts";
import { bestOf } from "../../helpers/best-of.ts";

const TLS = join(import.meta.dir, "../../golden/tls");
const HASH = "$2y$05$bvIG6Nmid91Mu9RcmmWZfO5HJIMCT8riNW0hEp8f6/FuA2/mHZFpe";

async function load(yaml: string, environment: Record<string, string> = {}, ...words: string[]): Promise<Loaded> {
  using folder = temporaryFolder();
  const path = join(folder.path, "gatekeeper.yaml");
  await Bun.write(path, yaml.replaceAll("$DIR", folder.path));
  await Bun.write(join(folder.path, "hash"), `${HASH}\n`);
  const { settings: flags, conf } = parseArgv([...words, "-c", path]);
  return await loadConfig({ flags, conf, logVariable: undefined, environment });
}

/** The routes of the one listener that a list of routes is given. */
async function routesOf(routes: string, environment?: Record<string, string>): Promise<readonly RouteConfig[]> {
  const { config, problems } = await load(`bind: :8008\nroutes:\n${routes}`, environment);
  expect(problems).toEqual([]);
  return config?.listeners[0]?.routes ?? [];
}

async function matchersOf(match: string): Promise<readonly (readonly MatcherConfig[])[]> {
  return (await routesOf(`  - match: ${match}\n    respond: 404\n`))[0]?.match ?? [];
}

async function handlersOf(...lines: string[]): Promise<readonly HandlerConfig[]> {
  return (await routesOf(`  - ${lines.join("\n    ")}\n`))[0]?.handlers ?? [];
}

function proxyOf(handler: HandlerConfig | undefined): Extract<HandlerConfig, { type: "proxy" }>["proxy"] {
  if (handler?.type !== "proxy") throw new Error(`this is no proxy: ${JSON.stringify(handler)}`);
  return handler.proxy;
}

describe("what a route matches", () => {
  test.each([
    ["{ host: A.Example }", { type: "host", hosts: ["a.example"] }],
    [
      '{ host: ["*.a.example", "[::1]", bücher.example] }',
      { type: "host", hosts: ["*.a.example", "[::1]", "xn--bcher-kva.example"] },
    ],
    ['{ path: [/a, /b/*, "*.php"] }', { type: "path", patterns: ["/a", "/b/*", "*.php"] }],
    ["{ cp: /up* }", { type: "context_path", pattern: { type: "prefix", path: "/up" } }],
    ["{ path_regexp: ^/x }", { type: "path_regexp", regexp: { name: undefined, pattern: "^/x" } }],
    ["{ path_regexp: { name: n, pattern: ^/x } }", { type: "path_regexp", regexp: { name: "n", pattern: "^/x" } }],
    ["{ method: GET }", { type: "method", methods: ["GET"] }],
    ["{ header: { X-A: present } }", { type: "header", fields: [{ field: "X-A", values: "present" }] }],
    [
      "{ header: { X-A: [present], X-B: absent } }",
      {
        type: "header",
        fields: [
          { field: "X-A", values: ["present"] },
          { field: "X-B", values: "absent" },
        ],
      },
    ],
    ["{ header: { X-A: 1.0 } }", { type: "header", fields: [{ field: "X-A", values: ["1.0"] }] }],
    [
      "{ header_regexp: { X-A: ^a } }",
      { type: "header_regexp", fields: [{ field: "X-A", regexp: { name: undefined, pattern: "^a" } }] },
    ],
    [
      '{ query: { q: [a, b], r: "*" } }',
      {
        type: "query",
        parameters: [
          { parameter: "q", values: ["a", "b"] },
          { parameter: "r", values: ["*"] },
        ],
      },
    ],
    [
      "{ remote_ip: [10.0.0.0/8, 10.0.0.1, 10.0.0.1/32] }",
      { type: "remote_ip", ranges: ["10.0.0.0/8", "10.0.0.1/32"] },
    ],
    ["{ client_ip: 192.0.2.7 }", { type: "client_ip", ranges: ["192.0.2.7/32"] }],
    ["{ protocol: websocket }", { type: "protocol", protocol: "websocket" }],
    ["{ not: { path: /a } }", { type: "not", sets: [[{ type: "path", patterns: ["/a"] }]] }],
    [
      "{ not: [{ path: /a }, { method: GET }] }",
      { type: "not", sets: [[{ type: "path", patterns: ["/a"] }], [{ type: "method", methods: ["GET"] }]] },
    ],
  ] as readonly (readonly [string, MatcherConfig])[])("%s", async (match, matcher) => {
    expect(await matchersOf(match)).toEqual([[matcher]]);
  });

  test("a list of sets is any of them, and nothing is every request", async () => {
    expect(await matchersOf("[{ path: /a, method: GET }, { host: b }]")).toHaveLength(2);
    expect((await routesOf("  - respond: 404\n"))[0]?.match).toEqual([]);
  });
});

describe("what a route does", () => {
  test.each([
    [["max_request_body: 10MB"], { type: "max_request_body", bytes: 10_000_000 }],
    [["redirect: /to"], { type: "redirect", to: "/to", status: "302" }],
    [["redirect: { to: '{uri}', status: 308 }"], { type: "redirect", to: "{uri}", status: "308" }],
    [["rewrite: /new{uri}"], { type: "rewrite", to: "/new{uri}" }],
    [["strip_prefix: api"], { type: "strip_prefix", prefix: "/api" }],
    [["strip_suffix: .php"], { type: "strip_suffix", suffix: ".php" }],
    [["replace: { find: a, with: '' }"], { type: "replace", find: "a", with: "", limit: 0 }],
    [["replace: { regexp: ^/a, with: /b }"], { type: "replace_regexp", regexp: "^/a", with: "/b" }],
    [
      [`basic_auth: { users: { bob: ${HASH} } }`],
      { type: "basic_auth", realm: "restricted", users: [{ name: "bob", hash: HASH }] },
    ],
    [
      ["basic_auth: { realm: r, users: { eve: { file: $DIR/hash } } }"],
      { type: "basic_auth", realm: "r", users: [{ name: "eve", hash: HASH }] },
    ],
    [["encode: gzip"], { type: "encode", formats: ["gzip"], minimumBytes: 512, gzipLevel: 5, contentTypes: undefined }],
    [
      ["encode: { minimum_length: 1KiB, gzip_level: 9, content_types: text/* }"],
      { type: "encode", formats: ["zstd", "br", "gzip"], minimumBytes: 1024, gzipLevel: 9, contentTypes: ["text/*"] },
    ],
    [["routes: []"], { type: "routes", routes: [] }],
    [["error: 503"], { type: "error", status: "503", message: "" }],
    [["error: { status: '{re.1}', message: no }"], { type: "error", status: "{re.1}", message: "no" }],
    [["respond: 404"], { type: "respond", status: "404", body: "", close: false }],
    [["respond: hello"], { type: "respond", status: "", body: "hello", close: false }],
    [["respond: '404'"], { type: "respond", status: "", body: "404", close: false }],
    [["respond: { status: 201, body: x, close: true }"], { type: "respond", status: "201", body: "x", close: true }],
  ] as readonly (readonly [string[], HandlerConfig])[])("%s", async (lines, handler) => {
    expect(await handlersOf(...lines)).toEqual([handler]);
  });

  test("is done in Caddy's order, whatever the order of the file", async () => {
    const handlers = await handlersOf(
      "upstreams: :3000",
      "encode: gzip",
      "strip_prefix: /a",
      "rewrite: /b",
      "header: { set: { X-A: b } }",
      "request_header: { set: { X-A: b } }",
      "access_log: stdout",
      "replace: [{ find: a, with: b }, { regexp: c, with: d }]",
    );
    const order = ["access_log", "header", "rewrite", "strip_prefix", "replace", "replace_regexp"];
    expect(handlers.map((each) => each.type)).toEqual([...order, "request_header", "encode", "proxy"] as never);
  });

  test("edits of header fields", async () => {
    const [header] = await handlersOf(
      "header: { set: { X-A: 'v {host}' }, add: { X-B: [a, b] }, remove: [Server, X-*], replace: { X-C: { regexp: a, with: b } }, default: { X-D: e } }",
    );
    expect(header).toEqual({
      type: "header",
      deferred: true,
      edits: {
        add: [
          { field: "X-B", value: "a" },
          { field: "X-B", value: "b" },
        ],
        set: [{ field: "X-A", value: "v {host}" }],
        remove: ["Server", "X-*"],
        replace: [{ field: "X-C", regexp: "a", with: "b" }],
        default: [{ field: "X-D", value: "e" }],
      },
    });
  });

  test.each([
    ["header: { set: { X-A: b } }", false],
    ["header: { remove: X-A }", true],
    ["header: { default: { X-A: b } }", true],
    ["header: { set: { X-A: b }, defer: true }", true],
    ["header: { remove: X-A, defer: false }", false],
  ])("%s waits for the answer: %p", async (line, deferred) => {
    expect(await handlersOf(line)).toMatchObject([{ deferred }]);
  });
});

describe("where a route forwards to", () => {
  test("takes what the top of the file says, and may say it itself", async () => {
    const { config } = await load(
      "bind: :8008\ndial_timeout: 1s\nmax_retries: 2\ntrusted_proxies: 10.0.0.0/8\nroutes:\n" +
        "  - match: { path: /a }\n    upstreams: :3000\n    max_retries: 5\n    trusted_proxies: []\n" +
        "  - upstreams: [:3001, 'https://b.example']\n    lb_policy: first\n",
    );
    const [first, second] = (config?.listeners[0]?.routes ?? []).map((route) => proxyOf(route.handlers[0]));
    expect(first).toMatchObject({
      maxAttempts: 5,
      timeouts: { dialMs: 1000 },
      trustedProxies: [],
      balance: { policy: { type: "round_robin" } },
    });
    expect(second).toMatchObject({
      maxAttempts: 2,
      trustedProxies: ["10.0.0.0/8"],
      balance: { policy: { type: "first" } },
    });
    expect(second?.upstreams.map((each) => each.tls)).toEqual([false, true]);
    expect(config?.listeners[0]?.trustedProxies).toEqual(["10.0.0.0/8"]);
  });

  test("a flag is stronger than the top of the file, and weaker than the route", async () => {
    const yaml =
      "bind: :8008\ndial_timeout: 1s\nroutes:\n  - { match: { path: /a }, upstreams: ':1', dial_timeout: 2s }\n  - upstreams: :2\n";
    const { config } = await load(yaml, {}, "--dial-timeout", "3s");
    const timeouts = (config?.listeners[0]?.routes ?? []).map((route) => proxyOf(route.handlers[0]).timeouts.dialMs);
    expect(timeouts).toEqual([2000, 3000]);
  });

  test("a Host set by header_up is the Host that is sent", async () => {
    const [handler] = await handlersOf("upstreams: :3000", "header_up: { set: { Host: '{upstream_hostport}' } }");
    expect(proxyOf(handler)).toMatchObject({ host: "{upstream_hostport}" });
    expect(proxyOf(handler).headerUp).toBeUndefined();
  });

  test("method and target sent upstream", async () => {
    const [handler] = await handlersOf("upstreams: :3000", "upstream_method: POST", "upstream_rewrite: /x?{query}");
    expect(proxyOf(handler)).toMatchObject({ method: "POST", rewrite: "/x?{query}" });
  });

  test("may be a listener of its own, where another list of routes serves", async () => {
    const yaml =
      "listeners:\n  - address: :8008\n    routes:\n      - upstreams: :8009\n  - address: :8009\n    routes:\n      - respond: hi\n";
    expect((await load(yaml)).problems).toEqual([]);
  });
});

describe("names of routes", () => {
  const namesOf = async (routes: string): Promise<readonly string[]> =>
    (await routesOf(routes)).map((route) => route.name);

  test("are made from what they match, and told apart by a number", async () => {
    const one = "  - match: { host: a.example, path: /api/* }\n    header: { set: { X-A: b } }\n";
    expect(
      await namesOf(`${one}${one}  - name: 'a.example /api/* #3'\n    routes: []\n${one}  - respond: 404\n`),
    ).toEqual(["a.example /api/*", "a.example /api/* #2", "a.example /api/* #3", "a.example /api/* #4", "/"]);
  });
});

describe("listeners", () => {
  const listenersOf = async (yaml: string, ...words: string[]): Promise<readonly ListenerConfig[]> => {
    const { config, problems } = await load(yaml, {}, ...words);
    expect(problems).toEqual([]);
    return config?.listeners ?? [];
  };

  test("share the very same routes, or have their own", async () => {
    const listeners = await listenersOf(
      "listeners:\n  - address: [':1', ':2']\n  - address: :3\n    routes:\n      - respond: hi\nroutes:\n  - respond: 404\n",
    );
    expect(listeners).toHaveLength(3);
    expect(listeners[0]?.routes).toBe(listeners[1]?.routes as never);
    expect(listeners[2]?.routes).not.toBe(listeners[0]?.routes as never);
  });

  test("without routes anywhere forward as upstream, cp and host say", async () => {
    const listeners = await listenersOf("listeners:\n  - address: ':1'\nupstream: :3000\ncp: /up\n");
    expect(listeners[0]?.routes).toMatchObject([{ name: "/up", handlers: [{ type: "proxy" }] }]);
  });

  test("have their own limits, and else those of the file", async () => {
    const listeners = await listenersOf(
      "max_request_body: 1MB\nlisteners:\n  - address: ':1'\n    max_request_body: 2MB\n    client_idle_timeout: 0\n  - address: ':2'\nroutes:\n  - respond: 404\n",
    );
    expect(listeners.map((each) => each.maxRequestBodyBytes)).toEqual([2_000_000, 1_000_000]);
    expect(listeners.map((each) => each.clientIdleTimeoutMs)).toEqual([0, 255_000]);
  });

  const pair = (name: string): string => `{ cert: ${TLS}/${name}.pem, key: ${TLS}/${name}.key }`;

  test("speak HTTP/2 with TLS unless told otherwise, HTTP/3 only when told", async () => {
    const listeners = await listenersOf(
      `listeners:\n  - address: ':1'\n    tls: ${pair("site")}\n  - address: ':2'\n    tls: ${pair("site")}\n    http2: false\n    http3: true\n  - address: ':3'\nroutes:\n  - respond: 404\n`,
    );
    expect(listeners.map((each) => [each.tls.length, each.http2, each.http3])).toEqual([
      [1, true, false],
      [1, false, true],
      [0, false, false],
    ]);
  });

  test("with several certificates each is chosen for the names in it", async () => {
    const [listener] = await listenersOf(
      `listeners:\n  - address: ':1'\n    tls: [${pair("site")}, ${pair("other")}]\nroutes:\n  - respond: 404\n`,
    );
    expect(listener?.tls.map((each) => each.serverNames)).toEqual([["site.example"], ["other.example"]]);
  });

  test("--bind stands in for their addresses, and --cert with --key for their certificate", async () => {
    const yaml = `listeners:\n  - address: ':1'\n    tls: ${pair("site")}\n    client_idle_timeout: 9s\nroutes:\n  - respond: 404\n`;
    const [listener] = await listenersOf(
      yaml,
      "--bind",
      ":9",
      "--cert",
      `${TLS}/other.pem`,
      "--key",
      `${TLS}/other.key`,
    );
    expect(listener).toMatchObject({ address: { port: 9 }, clientIdleTimeoutMs: 9000 });
    expect(listener?.tls[0]?.certFile).toBe(`${TLS}/other.pem`);
    const kept = await listenersOf(yaml, "--bind", ":9");
    expect(kept[0]?.tls[0]?.certFile).toBe(`${TLS}/site.pem`);
  });
});

describe("variables of the environment", () => {
  test("are put into values, text in quotes and anything without", async () => {
    const environment = { PORT: "3000", N: "7", TEXT: "404", EVIL: "x\n    respond: 500" };
    const routes = await routesOf(
      '  - match: { header: { X-A: "${EVIL}" } }\n    upstreams: 127.0.0.1:${PORT}\n    max_retries: ${N}\n' +
        '  - match: { path: /a }\n    respond: "${TEXT}"\n  - match: { path: /b }\n    respond: ${TEXT}\n  - respond: ${NONE:-none}-$${TEXT}\n'.replace(
          "$${TEXT}",
          "x",
        ),
      { ...environment, EVIL: "y: z" },
    );
    expect(proxyOf(routes[0]?.handlers[0])).toMatchObject({ maxAttempts: 7, upstreams: [{ port: 3000 }] });
    expect(routes[0]?.match).toEqual([[{ type: "header", fields: [{ field: "X-A", values: ["y: z"] }] }]]);
    expect(routes.slice(1).map((route) => route.handlers[0])).toMatchObject([
      { status: "", body: "404" },
      { status: "404", body: "" },
      { status: "", body: "none-x" },
    ]);
  });
});

test("every file that was read is named, for watching", async () => {
  const { files, problems } = await load(
    `ca_file: ${TLS}/site.pem\nlisteners:\n  - address: ':1'\n    tls: { cert: ${TLS}/site.pem, key: ${TLS}/site.key }\n` +
      `routes:\n  - basic_auth: { users: { bob: { file: $DIR/hash } } }\n    upstreams: https://a.example\n    client_cert: ${TLS}/other.pem\n    client_key: ${TLS}/other.key\n`,
  );
  expect(problems).toEqual([]);
  expect(files.map((file) => file.replace(/^.*\//, "")).sort()).toEqual([
    "gatekeeper.yaml",
    "hash",
    "other.key",
    "other.pem",
    "site.key",
    "site.pem",
  ]);
});

test("the start says in one sentence where it listens and what it does", async () => {
  const textOf = async (yaml: string): Promise<string> => {
    const { config } = await load(yaml);
    return config === undefined ? "" : startText(config);
  };
  expect(await textOf("bind: 0.0.0.0:8008\nupstream: 127.0.0.1:3000\ncp: /up\n")).toBe(
    "http://0.0.0.0:8008, forwarding /up to 127.0.0.1:3000",
  );
  expect(
    await textOf("bind: :1\nroutes:\n  - match: { host: a.example }\n    upstreams: :3000\n  - upstreams: :4\n"),
  ).toBe("http://[::]:1, forwarding a.example to localhost:3000; / to localhost:4");
  expect(await textOf("bind: :1\nroutes:\n  - respond: 404\n")).toBe("http://[::]:1, 1 route");
  const many = Array.from({ length: 12 }, (_, i) => `  - match: { path: /${i} }\n    upstreams: :3000\n`).join("");
  expect(await textOf(`bind: :1\nroutes:\n${many}`)).toBe("http://[::]:1, 12 routes");
});

test("1,000 routes are loaded within a second", async () => {
  const route = (i: number): string =>
    `  - match: { host: h${i}.example, path: [/a${i}, /b${i}/*] }\n    header: { set: { X-A: "v{host}" } }\n    upstreams: [127.0.0.1:${3000 + i}]\n`;
  const text = `bind: :1\nroutes:\n${Array.from({ length: 1000 }, (_, i) => route(i)).join("")}`;
  const loading = async (): Promise<number> => {
    const started = performance.now();
    const { config } = await load(text);
    expect(config?.listeners[0]?.routes).toHaveLength(1000);
    return performance.now() - started;
  };
  expect(await bestOf(1000, loading)).toBeLessThan(1000);
});
