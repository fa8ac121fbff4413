import { describe, expect, test } from "bun:test";
import { configWith } from "../../helpers/proxy.ts";
import { routeKeysOf } from "../../../src/process/route-keys.ts";
import { Settings } from "../../../src/config/given.ts";
import { startText } from "../../../src/config/describe.ts";
import { withAccessLog } from "../../../src/config/access-log.ts";
import { join } from "node:path";
import { parseArgv } from "../../../src/cli/argv.ts";
import { loadConfig, type Loaded } from "../../../src/config/load.ts";
import { ACCESS_LOG_DEFAULTS, ROLLING_DEFAULTS } from "../../../src/config/log-model.ts";
import type { AccessLogConfig, RouteConfig } from "../../../src/config/model.ts";
import { temporaryFolder } from "../../helpers/binary.ts";

async function load(yaml: string, words: readonly string[] = []): Promise<Loaded> {
  using folder = temporaryFolder();
  const path = join(folder.path, "gatekeeper.yaml");
  await Bun.write(path, yaml);
  const { settings: flags, conf } = parseArgv([...words, "--bind", ":8008", ...(yaml === "" ? [] : ["-c", path])]);
  return await loadConfig({ flags, conf, logVariable: undefined, environment: {} });
}

async function routesOf(yaml: string, words: readonly string[] = []): Promise<readonly RouteConfig[]> {
  const { config, problems } = await load(yaml, words);
  expect(problems).toEqual([]);
  return config?.listeners[0]?.routes ?? [];
}

/** The access log of the first route. */
async function logOf(yaml: string, words: readonly string[] = []): Promise<AccessLogConfig | undefined> {
  const [handler] = (await routesOf(yaml, words))[0]?.handlers ?? [];
  return handler?.type === "access_log" ? handler : undefined;
}

/** A file of one route with this access log. */
function route(log: string): string {
  return `routes:\n  - access_log: ${log}\n    respond: 200\n`;
}

const FILE = { type: "file", path: "/a/b", rolling: ROLLING_DEFAULTS } as const;

describe("an access log", () => {
  test("is an output alone, or keys", async () => {
    expect(await logOf(route("stderr"))).toEqual({ ...ACCESS_LOG_DEFAULTS, output: { type: "stderr" } });
    expect(await logOf(route("/a/b"))).toEqual({ ...ACCESS_LOG_DEFAULTS, output: FILE });
    expect(await logOf(route("{ format: combined }"))).toEqual({
      ...ACCESS_LOG_DEFAULTS,
      output: { type: "stdout" },
      format: "combined",
    });
  });

  test("says which requests, and what of them", async () => {
    const keys =
      "{ redact_headers: [X-Key, x-b], redact_query: token, show_credentials: true, omit: resp_headers, " +
      "skip: { path: /health }, status: [404, 5xx], slower_than: 1s, sample: 0.25 }";
    expect(await logOf(route(keys))).toEqual({
      ...ACCESS_LOG_DEFAULTS,
      output: { type: "stdout" },
      redaction: { showsCredentials: true, headers: ["x-key", "x-b"], query: ["token"] },
      omits: { requestHeaders: false, responseHeaders: true },
      skip: [[{ type: "path", patterns: ["/health"] }]],
      statuses: [404, 5],
      slowerThanMs: 1000,
      sample: 0.25,
    });
  });

  test("is rolled as it says, else as Caddy does", async () => {
    const keys = "{ output: /a/b, roll_size: 1MiB, roll_keep: 3, roll_keep_for: 1d, roll_compress: false }";
    expect((await logOf(route(keys)))?.output).toEqual({
      ...FILE,
      rolling: { sizeBytes: 1024 ** 2, keep: 3, keepForMs: 86_400_000, compresses: false },
    });
    expect(ROLLING_DEFAULTS).toEqual({
      sizeBytes: 100 * 1024 ** 2,
      keep: 10,
      keepForMs: 90 * 86_400_000,
      compresses: true,
    });
  });

  test.each([
    ["{ roll_size: 1MiB, output: stdout }", "roll_size is for a file"],
    ["{ format: common, omit: resp_headers }", "omit is for the JSON format"],
    ["{ sample: 0 }", "nothing would be written, which `off` says"],
    ["{ sample: 1.5 }", "this is no such share"],
    ["{ redact_query: a=b }", "this is no name of a parameter"],
  ])("%s is refused", async (log, message) => {
    expect((await load(route(log))).problems.map((each) => each.message)).toEqual([message]);
  });
});

describe("the log of every request", () => {
  const routes = "routes:\n  - name: a\n    respond: 200\n";

  test("stands before all routes of all listeners, which go on sharing them", async () => {
    const { config } = await load(`access_log: { output: /a/b, redact_query: t }\n${routes}`, ["--bind", ":8009"]);
    const [first, second] = config?.listeners ?? [];
    expect(first?.routes.map(({ name }) => name)).toEqual(["access log", "a"]);
    expect(first?.routes[0]?.handlers).toMatchObject([{ output: FILE, redaction: { query: ["t"] } }]);
    expect(second?.routes).toBe(first?.routes ?? []);
  });

  test("is said by flags, which win over the file", async () => {
    const own = await logOf("", ["--upstream", ":3000", "--access-log", "/a/b", "--access-log-format", "combined"]);
    expect(own).toEqual({ ...ACCESS_LOG_DEFAULTS, output: FILE, format: "combined" });
    const both = await logOf(`access_log: { format: console, sample: 0.5 }\n${routes}`, ["--access-log", "stderr"]);
    expect(both).toEqual({ ...ACCESS_LOG_DEFAULTS, output: { type: "stderr" }, format: "console", sample: 0.5 });
  });

  test("has no format without an output", async () => {
    const { problems } = await load("", ["--upstream", ":3000", "--access-log-format", "json"]);
    expect(problems.map((each) => each.message)).toEqual([
      "--access-log-format has nothing to say without an access log",
    ]);
  });
});
test("a log of every request is no route for people to see", () => {
  const config = configWith({ upstreams: [{ type: "tcp", host: "127.0.0.1", port: 3000, tls: false }] });
  const { listeners } = withAccessLog(
    config.listeners,
    { ...ACCESS_LOG_DEFAULTS, output: { type: "stdout" } },
    new Settings(),
  );
  const logged = { ...config, listeners };
  expect(listeners[0]?.routes).toHaveLength(2);
  expect(routeKeysOf(logged)).toEqual(routeKeysOf(config));
  expect(startText(logged)).toBe(startText(config));
  expect(startText(logged)).toContain("forwarding");
});
