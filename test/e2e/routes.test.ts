import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { FieldEdits, HandlerConfig, MatcherConfig, RouteConfig } from "../../src/config/model.ts";
import { AccessLogs } from "../../src/proxy/access-logs.ts";
import { Gateway } from "../../src/proxy/gateway.ts";
import { Maintenance } from "../../src/proxy/maintenance.ts";
import { PasswordChecks } from "../../src/proxy/handlers/password-checks.ts";
import { Peers } from "../../src/upstream/peers.ts";
import { type EngineUnderTest, serveBy } from "../helpers/engine.ts";
import { RecordingLog, reverseProxy } from "../helpers/proxy.ts";
import { type RawAnswer, RawClient } from "../helpers/raw-client.ts";
import { valueOf } from "../helpers/raw-head.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";

setDefaultTimeout(30_000);

const NO_EDITS: FieldEdits = { add: [], set: [], remove: [], replace: [], default: [] };
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Origin: yes\r\n\r\nok";

function serve(routes: readonly RouteConfig[]): EngineUnderTest {
  const log = new RecordingLog();
  const maintenance = new Maintenance();
  const context = {
    log,
    peers: new Peers(),
    accessLogs: new AccessLogs(log),
    passwords: new PasswordChecks(),
    maintenance,
  };
  return serveBy(new Gateway(routes, context));
}

function route(name: string, match: readonly MatcherConfig[], ...handlers: readonly HandlerConfig[]): RouteConfig {
  return { name, match: match.length === 0 ? [] : [match], handlers, terminal: false };
}

const path = (...patterns: readonly string[]): MatcherConfig => ({ type: "path", patterns });
const respond = (status: string, body = ""): HandlerConfig => ({ type: "respond", status, body, close: false });
const forward = (origin: RawOrigin): HandlerConfig => ({
  type: "proxy",
  proxy: reverseProxy([{ type: "tcp", host: "127.0.0.1", port: origin.port, tls: false }]),
});

async function get(port: number, target: string, fields: readonly string[] = []): Promise<RawAnswer> {
  await using client = await RawClient.connect(port);
  return await client.request("GET", target, ["Host: a.example", ...fields]);
}

describe("routes", () => {
  test("are gone through in order: one that neither answers nor forwards goes on", async () => {
    await using origin = RawOrigin.start(OK);
    await using proxy = serve([
      route("mark", [], {
        type: "header",
        edits: { ...NO_EDITS, set: [{ field: "X-Mark", value: "{path}" }] },
        deferred: true,
      }),
      route("gone", [path("/gone")], respond("410", "gone")),
      route("strip", [path("/api/*")], { type: "strip_prefix", prefix: "/api" }),
      route("all", [], forward(origin)),
    ]);
    const gone = await get(proxy.port, "/gone");
    expect([gone.status, gone.body.toString(), valueOf(gone.head, "x-mark")]).toEqual([410, "gone", "/gone"]);
    const stripped = await get(proxy.port, "/api/x?y");
    expect([stripped.status, valueOf(stripped.head, "x-origin")]).toEqual([200, "yes"]);
    expect((await origin.exchange()).target).toBe("/x?y");
  });

  test("what a handler changes is what the routes after it see", async () => {
    await using proxy = serve([
      route("rewrite", [path("/old")], { type: "rewrite", to: "/new" }),
      route("field", [path("/new")], {
        type: "request_header",
        edits: { ...NO_EDITS, set: [{ field: "X-Seen", value: "1" }] },
      }),
      route("old", [path("/old")], respond("500")),
      route("new", [path("/new"), { type: "header", fields: [{ field: "X-Seen", values: ["1"] }] }], respond("201")),
    ]);
    expect((await get(proxy.port, "/old")).status).toBe(201);
    expect((await get(proxy.port, "/new")).status).toBe(201);
  });

  test("of which a terminal one matched, none of the same list is asked after it", async () => {
    const group: HandlerConfig = {
      type: "routes",
      routes: [
        { ...route("first", [path("/a*")]), terminal: true },
        { ...route("second", [], respond("418")), terminal: true },
      ],
    };
    await using proxy = serve([route("group", [], group), route("rest", [], respond("202"))]);
    expect((await get(proxy.port, "/a")).status).toBe(202);
    expect((await get(proxy.port, "/b")).status).toBe(418);
  });

  test("none of which answers give a 404 that says why, with the fields that are set on every answer", async () => {
    const edits = { ...NO_EDITS, set: [{ field: "X-Always", value: "1" }] };
    await using proxy = serve([
      route("always", [], { type: "header", edits, deferred: false }),
      route("one", [path("/one")], respond("200")),
    ]);
    const answer = await get(proxy.port, "/two");
    expect([answer.status, valueOf(answer.head, "x-always")]).toEqual([404, "1"]);
    expect(valueOf(answer.head, "proxy-status")).toContain("no_route");
  });

  test("that look at paths refuse one that could be read as another; others pass it on", async () => {
    await using origin = RawOrigin.start(OK);
    await using strict = serve([route("api", [path("/api/*")], forward(origin)), route("all", [], forward(origin))]);
    await using loose = serve([route("all", [], forward(origin))]);
    expect((await get(strict.port, "/api/..%252fadmin")).status).toBe(400);
    expect((await get(loose.port, "/api/..%252fadmin")).status).toBe(200);
    expect(origin.exchanges.map((exchange) => exchange.target)).toEqual(["/api/..%252fadmin"]);
  });

  test("a body limit of a route holds for that route alone", async () => {
    await using origin = RawOrigin.start(OK);
    await using proxy = serve([
      route("small", [path("/small")], { type: "max_request_body", bytes: 3 }),
      route("all", [], forward(origin)),
    ]);
    const post = async (target: string): Promise<number> => {
      await using client = await RawClient.connect(proxy.port);
      return (await client.request("POST", target, ["Host: a.example", "Content-Length: 4"], "1234")).status;
    };
    expect([await post("/small"), await post("/large")]).toEqual([413, 200]);
  });

  test("the method and the target that go upstream may be others than the client's", async () => {
    await using origin = RawOrigin.start(OK);
    const proxied = reverseProxy([{ type: "tcp", host: "127.0.0.1", port: origin.port, tls: false }], {
      method: "GET",
      rewrite: "/auth?from={uri}",
    });
    await using proxy = serve([route("all", [], { type: "proxy", proxy: proxied })]);
    await using client = await RawClient.connect(proxy.port);
    const answer = await client.request("POST", "/x", ["Host: a.example", "Content-Length: 4"], "1234");
    expect(answer.status).toBe(200);
    const seen = await origin.exchange();
    expect([seen.method, seen.target.startsWith("/auth?from="), valueOf(seen.head, "content-length")]).toEqual([
      "GET",
      true,
      undefined,
    ]);
  });
});
