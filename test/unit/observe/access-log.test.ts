import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accessLine } from "../../../src/observe/access-line.ts";
import { type AccessRecord, openAccessLog } from "../../../src/observe/access-log.ts";

const folder = mkdtempSync(join(tmpdir(), "access-log-"));
afterAll(() => rmSync(folder, { recursive: true }));

function record(some: Partial<AccessRecord> = {}): AccessRecord {
  return {
    endMs: 1_795_543_015_342,
    remoteAddress: "127.0.0.1",
    remotePort: 34_250,
    clientAddress: "192.0.2.1",
    proto: "HTTP/1.1",
    method: "GET",
    host: "a.example",
    uri: "/a%2Fb?q=1",
    requestHeaders: new Headers(),
    secure: false,
    userId: "",
    durationMs: 1.5,
    size: 5,
    bytesRead: 0,
    status: 200,
    responseHeaders: new Headers(),
    route: undefined,
    upstream: undefined,
    connectMs: undefined,
    upstreamLatencyMs: undefined,
    retries: 0,
    requestId: undefined,
    error: undefined,
    webSocket: undefined,
    ...some,
  };
}

describe("a JSON line", () => {
  test("has the shape of Caddy's", () => {
    const requestHeaders = new Headers({ "user-agent": "x", "x-z": "1" });
    requestHeaders.append("x-z", "2");
    const line = accessLine(record({ requestHeaders, responseHeaders: new Headers({ "X-A": "b" }) }), "json");
    expect(line).toEndWith("}\n");
    expect(JSON.parse(line)).toEqual({
      level: "info",
      ts: 1_795_543_015.342,
      logger: "http.log.access",
      msg: "handled request",
      request: {
        remote_ip: "127.0.0.1",
        remote_port: "34250",
        client_ip: "192.0.2.1",
        proto: "HTTP/1.1",
        method: "GET",
        host: "a.example",
        uri: "/a%2Fb?q=1",
        headers: { "User-Agent": ["x"], "X-Z": ["1, 2"] },
      },
      bytes_read: 0,
      user_id: "",
      duration: 0.0015,
      size: 5,
      status: 200,
      resp_headers: { "X-A": ["b"] },
    });
  });

  test("has fields of ours where they say something", () => {
    const some = {
      status: 502,
      secure: true,
      upstream: "127.0.0.1:3000",
      upstreamLatencyMs: 2,
      retries: 1,
      requestId: "id",
      error: "connection_refused: no",
    };
    expect(JSON.parse(accessLine(record(some), "json"))).toMatchObject({
      level: "error",
      request: { tls: {} },
      upstream: "127.0.0.1:3000",
      upstream_latency: 0.002,
      retries: 1,
      request_id: "id",
      error: "connection_refused: no",
    });
  });

  test("tells no secret", () => {
    const requestHeaders = new Headers({
      Authorization: "secret",
      Cookie: "secret",
      "Proxy-Authorization": "secret",
      "X-A": "seen",
    });
    const responseHeaders = new Headers([
      ["Set-Cookie", "secret"],
      ["Set-Cookie", "secret2"],
    ]);
    const line = accessLine(record({ requestHeaders, responseHeaders }), "json");
    expect(line).not.toContain("secret");
    expect(JSON.parse(line)).toMatchObject({
      request: {
        headers: {
          Authorization: ["REDACTED"],
          Cookie: ["REDACTED"],
          "Proxy-Authorization": ["REDACTED"],
          "X-A": ["seen"],
        },
      },
      resp_headers: { "Set-Cookie": ["REDACTED"] },
    });
  });

  test("shows UTF-8 as it is, and other bytes one by one", () => {
    const bytes = (text: string): string => Buffer.from(text).toString("latin1");
    const requestHeaders = new Headers({ "X-A": bytes("é"), "X-B": "\u00e9" });
    const { request } = JSON.parse(accessLine(record({ requestHeaders, host: bytes("ü") }), "json")) as {
      request: { headers: unknown; host: string };
    };
    expect(request).toMatchObject({ headers: { "X-A": ["é"], "X-B": ["é"] }, host: "ü" });
  });
});

test.each(["json", "console"] as const)("nothing in a request breaks its %s line or obeys a terminal", (format) => {
  const nasty = "a\r\nb\u0000c\u001b[31md\u007fe\u009bf\u2028g";
  const line = accessLine(
    record({ host: nasty, uri: nasty, method: nasty, userId: nasty, error: nasty, upstream: nasty }),
    format,
  );
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  expect(line.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028]/);
  expect(line.at(-1)).toBe("\n");
  if (format === "json") expect(JSON.parse(line)).toMatchObject({ error: nasty });
});

test("a console line is for people", () => {
  const some = { status: 502, upstream: "127.0.0.1:3000", userId: "bob", retries: 2, error: "connection_refused: no" };
  expect(accessLine(record(some), "console")).toBe(
    "2026-11-24 17:56:55Z ERROR 192.0.2.1 GET a.example/a%2Fb?q=1 502 5B 1.5ms user=bob upstream=127.0.0.1:3000 retries=2 error=connection_refused: no\n",
  );
});

/** The `uri` of each line of a file. */
function urisIn(path: string): readonly string[] {
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  return lines.map((line) => (JSON.parse(line) as { request: { uri: string } }).request.uri);
}

describe("a log", () => {
  test("keeps every line in order, and writes what is left when it is closed", async () => {
    const path = join(folder, "order.log");
    {
      await using log = openAccessLog({ type: "file", path }, "json");
      for (let i = 0; i < 2000; i++) {
        log.write(record({ uri: `/${i}` }));
        if (i % 500 === 0) await log.flush();
      }
      expect(log.dropped).toBe(0);
    }
    expect(urisIn(path)).toEqual(Array.from({ length: 2000 }, (_, i) => `/${i}`));
    // Only its owner and group may read what requests were about.
    expect(statSync(path).mode & 0o007).toBe(0);
  });

  test("writes by itself", async () => {
    const path = join(folder, "itself.log");
    await using log = openAccessLog({ type: "file", path }, "json");
    log.write(record());
    while (!(await Bun.file(path).exists()) || Bun.file(path).size === 0) await Bun.sleep(5);
    expect(urisIn(path)).toHaveLength(1);
  });

  test("appends, and opens its file anew when it is told to", async () => {
    const path = join(folder, "moved.log");
    await Bun.write(path, `${JSON.stringify({ request: { uri: "/old" } })}\n`);
    await using log = openAccessLog({ type: "file", path }, "json");
    log.write(record({ uri: "/1" }));
    await log.flush();
    renameSync(path, `${path}.1`);
    log.write(record({ uri: "/2" }));
    await log.reopen();
    log.write(record({ uri: "/3" }));
    await log.flush();
    expect(urisIn(`${path}.1`)).toEqual(["/old", "/1", "/2"]);
    expect(urisIn(path)).toEqual(["/3"]);
  });

  test("that cannot be written to loses lines, says why once, and tells of them when it can be", async () => {
    const path = join(folder, "later", "a.log");
    const reasons: string[] = [];
    await using log = openAccessLog({ type: "file", path }, "json", (reason) => reasons.push(reason));
    for (let i = 0; i < 3; i++) {
      log.write(record());
      await log.flush();
    }
    expect([log.dropped, reasons.length]).toEqual([3, 1]);
    expect(reasons[0]).toContain("ENOENT");
    await Bun.write(join(folder, "later", "b"), "");
    log.write(record({ uri: "/again" }));
    await log.flush();
    const [loss, line] = readFileSync(path, "utf8").split("\n");
    expect(JSON.parse(loss ?? "")).toMatchObject({ level: "warn", dropped: 3 });
    expect(line).toContain("/again");
  });

  test("whose output takes nothing stays bounded, and can still be closed", async () => {
    const path = join(folder, "fifo");
    expect(Bun.spawnSync(["mkfifo", path]).success).toBe(true);
    // Open for reading, and never read.
    const reader = Bun.spawn(["sh", "-c", 'exec 3<>"$0"; exec sleep 30', path]);
    try {
      const log = openAccessLog({ type: "file", path }, "json");
      const long = record({ uri: `/${"x".repeat(10_000)}` });
      for (let i = 0; i < 2000; i++) log.write(long);
      expect(log.dropped).toBeGreaterThan(1000);
      const before = performance.now();
      await log[Symbol.asyncDispose]();
      expect(performance.now() - before).toBeLessThan(4000);
    } finally {
      reader.kill();
      await reader.exited;
    }
  });
});
