import { describe, expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { startAdmin } from "../helpers/admin.ts";
import { temporaryFolder } from "../helpers/binary.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { valueOf } from "../helpers/raw-head.ts";

const HOST = ["Host: localhost"];
const TOKEN = "0123456789abcdef";

/** Of an admin listener's answer, which is JSON. */
const parsed = (body: Buffer): unknown => JSON.parse(body.toString());

describe("the admin listener", () => {
  test("says that it lives, and whether it takes requests", async () => {
    await using admin = await startAdmin();
    await using client = await RawClient.connect(admin.port);
    expect((await client.request("GET", "/health", HOST)).status).toBe(200);
    expect((await client.request("GET", "/ready", HOST)).status).toBe(200);
    admin.process.ready = false;
    const late = await client.request("GET", "/ready", HOST);
    expect([late.status, parsed(late.body)]).toEqual([503, { ready: false }]);
    expect((await client.request("GET", "/health", HOST)).status).toBe(200);
  });

  test("gives metrics in the form that is asked for", async () => {
    await using admin = await startAdmin();
    await using client = await RawClient.connect(admin.port);
    const plain = await client.request("GET", "/metrics", HOST);
    expect([plain.body.toString(), valueOf(plain.head, "content-type")]).toEqual([
      "# prometheus\n",
      "text/plain; version=0.0.4; charset=utf-8",
    ]);
    const open = await client.request("GET", "/metrics", [...HOST, "Accept: application/openmetrics-text"]);
    expect([open.body.toString(), valueOf(open.head, "content-type")]).toEqual([
      "# openmetrics\n",
      "application/openmetrics-text; version=1.0.0; charset=utf-8",
    ]);
  });

  test("tells what is served by, what is open, and the upstreams at Caddy's path too", async () => {
    await using admin = await startAdmin();
    await using client = await RawClient.connect(admin.port);
    expect(parsed((await client.request("GET", "/config", HOST)).body)).toEqual({ listeners: [], secret: "(hidden)" });
    expect(parsed((await client.request("GET", "/connections", HOST)).body)).toEqual({ open: [] });
    for (const path of ["/upstreams", "/reverse_proxy/upstreams"]) {
      const { body } = await client.request("GET", path, HOST);
      expect(parsed(body)).toEqual([{ address: "127.0.0.1:1", num_requests: 2, fails: 3 }]);
    }
  });

  test("has its page at /, guarded as the page says", async () => {
    await using admin = await startAdmin();
    await using client = await RawClient.connect(admin.port);
    const { status, head, body } = await client.request("GET", "/", HOST);
    expect([status, valueOf(head, "content-type"), valueOf(head, "x-frame-options")]).toEqual([
      200,
      "text/html; charset=utf-8",
      "DENY",
    ]);
    expect(valueOf(head, "content-security-policy")).toContain("frame-ancestors 'none'");
    expect(valueOf(head, "content-security-policy")).toContain("script-src 'sha256-");
    expect(body.toString()).toContain("<title>");
  });

  test("lets nobody keep, frame or mistake an answer, and tells no other site that it may read it", async () => {
    await using admin = await startAdmin();
    await using client = await RawClient.connect(admin.port);
    for (const [method, target] of [
      ["GET", "/config"],
      ["GET", "/nowhere"],
      ["PUT", "/config"],
      ["POST", "/reload"],
    ] as const) {
      const { head } = await client.request(method, target, [...HOST, "Content-Length: 0"]);
      expect(valueOf(head, "cache-control")).toBe("no-store");
      expect(valueOf(head, "x-content-type-options")).toBe("nosniff");
      expect(valueOf(head, "x-frame-options")).toBe("DENY");
      expect(valueOf(head, "content-security-policy")).toContain("frame-ancestors 'none'");
      expect(head.fields.filter(([name]) => /^access-control-/i.test(name))).toEqual([]);
    }
  });

  test("answers HEAD without a body, and a stream or a snapshot is not begun for it", async () => {
    await using admin = await startAdmin();
    await using client = await RawClient.connect(admin.port);
    for (const path of ["/health", "/metrics", "/events"]) {
      const { status, body } = await client.request("HEAD", path, HOST);
      expect([status, body.length]).toEqual([200, 0]);
    }
    expect(admin.process.watchers).toEqual([]);
  });

  test("says which methods and paths there are", async () => {
    await using admin = await startAdmin();
    await using client = await RawClient.connect(admin.port);
    const of = async (method: string, path: string) => {
      const { status, head } = await client.request(method, path, [...HOST, "Content-Length: 0"]);
      return [status, valueOf(head, "allow")];
    };
    expect(await of("POST", "/health")).toEqual([405, "GET, HEAD"]);
    expect(await of("GET", "/reload")).toEqual([405, "POST"]);
    expect(await of("DELETE", "/drain")).toEqual([405, "GET, HEAD, POST"]);
    expect(await of("OPTIONS", "/stop")).toEqual([405, "POST"]);
    const lost = await client.request("GET", "/metric", HOST);
    expect(lost.status).toBe(404);
    expect(parsed(lost.body)).toMatchObject({
      endpoints: { "/metrics": expect.any(String), "/events": expect.any(String) },
    });
    expect(admin.process.commands).toEqual([]);
  });

  test("reloads and stops, and says where that was not done", async () => {
    await using admin = await startAdmin();
    await using client = await RawClient.connect(admin.port);
    const { status, body } = await client.request("POST", "/reload", [...HOST, "Content-Length: 0"]);
    expect([status, parsed(body)]).toEqual([200, { did: "reload" }]);
    admin.process.isDone = false;
    expect((await client.request("POST", "/stop", [...HOST, "Content-Length: 0"])).status).toBe(409);
    expect(admin.process.commands).toEqual(["reload", "stop"]);
  });

  test("takes commands as JSON, as a form and in the query", async () => {
    await using admin = await startAdmin();
    await using client = await RawClient.connect(admin.port);
    const post = async (target: string, body = "", fields: readonly string[] = []): Promise<number> =>
      (await client.request("POST", target, [...HOST, ...fields, `Content-Length: ${body.length}`], body)).status;
    const form = ["Content-Type: application/x-www-form-urlencoded"];
    expect(await post("/maintenance", '{"on":true,"route":"a.example","retryAfterSeconds":60}')).toBe(200);
    expect(await post("/maintenance?on=off&route=a%20b&retry_after=60")).toBe(200);
    expect(await post("/maintenance", "on=true", form)).toBe(200);
    expect(await post("/drain", '{"peer":"127.0.0.1:1"}', form)).toBe(200);
    expect(await post("/drain?peer=127.0.0.1:1&on=false")).toBe(200);
    expect(await post("/drain", '{"type":"drain","peer":"127.0.0.1:1","on":false}')).toBe(200);
    expect((await client.request("GET", "/drain", HOST)).status).toBe(200);
    expect((await client.request("GET", "/maintenance", HOST)).status).toBe(200);
    expect(admin.process.commands).toEqual([
      { type: "maintenance", on: true, route: "a.example", retryAfterSeconds: 60 },
      { type: "maintenance", on: false, route: "a b", retryAfterSeconds: 60 },
      { type: "maintenance", on: true },
      { type: "drain", on: true, peer: "127.0.0.1:1" },
      { type: "drain", on: false, peer: "127.0.0.1:1" },
      { type: "drain", on: false, peer: "127.0.0.1:1" },
      { type: "drain", on: true },
      { type: "maintenance" },
    ]);
  });

  test.each([
    ["/maintenance", '{"on":"maybe"}', "on"],
    ["/maintenance", "{}", "on"],
    ["/maintenance", '{"on":true,"rout":"a"}', "rout"],
    ["/maintenance?on=true&retry_after=-1", "", "retry_after"],
    ["/maintenance", '{"on":', "JSON"],
    ["/maintenance", "[true]", "JSON"],
    ["/drain", '{"on":true}', "peer"],
    ["/drain", "nonsense", "form"],
    ["/drain", '{"peer":"a","__proto__":{"on":true}}', "__proto__"],
  ])("does nothing for %s with %p, and says why", async (target, body, word) => {
    await using admin = await startAdmin();
    await using client = await RawClient.connect(admin.port);
    const answer = await client.request("POST", target, [...HOST, `Content-Length: ${body.length}`], body);
    expect(answer.status).toBe(400);
    expect(answer.body.toString()).toContain(word);
    expect(admin.process.commands).toEqual([]);
  });

  test("says that it failed, and why in the log alone", async () => {
    await using admin = await startAdmin();
    admin.process.connections = () => Promise.reject(new Error("secret reason"));
    await using client = await RawClient.connect(admin.port);
    const { status, body } = await client.request("GET", "/connections", HOST);
    expect(status).toBe(500);
    expect(body.toString()).not.toContain("secret");
    expect(admin.log.lines).toMatchObject([
      { level: "error", facts: { path: "/connections", reason: "Error: secret reason" } },
    ]);
  });

  test("goes by another token at once, and lets go of its address while an answer is on its way", async () => {
    await using admin = await startAdmin();
    const held = Promise.withResolvers<unknown>();
    const asked = Promise.withResolvers<void>();
    admin.process.connections = () => {
      asked.resolve();
      return held.promise;
    };
    await using client = await RawClient.connect(admin.port);
    admin.listener.adopt({ address: undefined, isDefault: false, token: TOKEN, origins: [] });
    expect((await client.request("POST", "/reload", [...HOST, "Content-Length: 0"])).status).toBe(401);
    const answer = client.request("GET", "/connections", HOST);
    await asked.promise;
    const closed = admin.listener.close();
    await using _next = await startAdmin({}, { type: "tcp", host: "127.0.0.1", port: admin.port });
    held.resolve({ late: true });
    expect(parsed((await answer).body)).toEqual({ late: true });
    await closed;
  });

  test("does not share its port", async () => {
    await using admin = await startAdmin();
    const second = startAdmin({}, { type: "tcp", host: "127.0.0.1", port: admin.port });
    expect(
      await second.then(
        () => "open",
        (error) => error.code,
      ),
    ).toBe("EADDRINUSE");
  });
});

describe("the admin listener on a unix socket", () => {
  test("is its user's alone, needs no token, and gives the heap", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "admin.sock");
    await using admin = await startAdmin({ token: TOKEN }, { type: "unix", path });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(admin.listener.url).toBe(`unix/${path}`);
    await using client = await RawClient.connect(0, { unix: path });
    expect((await client.request("POST", "/reload", ["Host: x", "Content-Length: 0"])).status).toBe(200);
    const { status, head, body } = await client.request("GET", "/debug/heap", ["Host: x"]);
    expect([status, valueOf(head, "content-disposition")]).toEqual([
      200,
      `attachment; filename="gatekeeper-${process.pid}.heapsnapshot"`,
    ]);
    expect(Object.keys(parsed(body) as object)).toContain("snapshot");
  });

  test("is not given twice, and what an ended process left behind is in nobody's way", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "admin.sock");
    const script = `Bun.listen({ unix: ${JSON.stringify(path)}, socket: { data() {} } }); process.kill(process.pid, "SIGKILL")`;
    await Bun.spawn([process.execPath, "-e", script]).exited;
    await using _admin = await startAdmin({}, { type: "unix", path });
    const second = startAdmin({}, { type: "unix", path });
    expect(
      await second.then(
        () => "open",
        (error) => error.code,
      ),
    ).toBe("EADDRINUSE");
  });
});

test("a heap snapshot is not given over TCP, with a token or without", async () => {
  await using admin = await startAdmin({ token: TOKEN });
  await using client = await RawClient.connect(admin.port);
  const { status, body } = await client.request("GET", "/debug/heap", [...HOST, `Authorization: Bearer ${TOKEN}`]);
  expect([status, body.length < 200]).toEqual([403, true]);
});

describe("what is refused is refused by whatever bytes it comes in", () => {
  const lines = (...fields: string[]) => fields;

  test.each<readonly [what: string, fields: readonly string[], status: number]>([
    ["a name that was turned to this machine", lines("Host: rebound.example:2019"), 403],
    ["no Host", [], 400],
    ["two Hosts", lines("Host: localhost", "Host: rebound.example"), 403],
    ["another site's Origin", lines("Host: localhost", "Origin: https://evil.example"), 403],
    ["two Origins", lines("Host: localhost", "Origin: http://localhost", "Origin: https://evil.example"), 403],
    ["the Origin of a sandboxed frame", lines("Host: localhost", "Origin: null"), 403],
    ["a request across sites", lines("Host: localhost", "Sec-Fetch-Site: cross-site"), 403],
    ["no token", lines("Host: localhost"), 401],
    ["a wrong token", lines("Host: localhost", "Authorization: Bearer 0123456789abcdeF"), 401],
    ["two tokens", lines("Host: localhost", "Authorization: Bearer x", `Authorization: Bearer ${TOKEN}`), 401],
  ])("%s", async (_, fields, status) => {
    await using admin = await startAdmin({ token: TOKEN });
    await using client = await RawClient.connect(admin.port);
    const answer = await client.request("POST", "/stop", [...fields, "Content-Length: 0"]);
    expect(answer.status).toBe(status);
    expect(admin.process.commands).toEqual([]);
  });

  test("an authority in the request line stands for nothing", async () => {
    await using admin = await startAdmin();
    await using client = await RawClient.connect(admin.port);
    const answer = await client.request("GET", "http://localhost/config", ["Host: rebound.example"]);
    expect(answer.status).toBe(403);
  });

  test("HTTP/1.0 without a Host", async () => {
    await using admin = await startAdmin();
    await using client = await RawClient.connect(admin.port);
    client.send("GET /config HTTP/1.0\r\n\r\n");
    expect((await client.answer()).status).toBe(403);
  });

  test("a body that is too large", async () => {
    await using admin = await startAdmin();
    await using client = await RawClient.connect(admin.port);
    const body = `{"peer":"${"a".repeat(70_000)}"}`;
    const answer = await client.request("POST", "/drain", [...HOST, `Content-Length: ${body.length}`], body);
    expect(answer.status).toBe(413);
    expect(admin.process.commands).toEqual([]);
  });

  test("the right token is let in", async () => {
    await using admin = await startAdmin({ token: TOKEN });
    await using client = await RawClient.connect(admin.port);
    const fields = [...HOST, `Authorization: Bearer ${TOKEN}`, "Content-Length: 0"];
    expect((await client.request("POST", "/stop", fields)).status).toBe(200);
  });
});
