import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { local, startWebSocketProxy } from "../helpers/ws-proxy.ts";
import { fieldsOf, frame, Op, RawOrigin, rawClient, rawRequest } from "../helpers/ws-raw.ts";

describe("the handshake", () => {
  test("carries what the client sent to the upstream, and nothing else", async () => {
    await using origin = await RawOrigin.start();
    await using proxy = startWebSocketProxy({ upstream: local(origin.port) });
    using client = await rawClient(
      proxy.port,
      [
        "Host: chat.example:8080",
        "Origin: https://chat.example",
        "Cookie: a=1; b=2",
        "Authorization: Bearer x",
        "User-Agent: Raw/1",
        "Sec-WebSocket-Protocol: v2, v1",
        "Sec-WebSocket-Extensions: permessage-deflate",
        "X-Latin: caf\u00e9",
      ],
      "/chat/%2Froom?x=1&y=%20",
    );
    using upstream = await origin.next();
    expect(upstream.request.split("\r\n")[0]).toBe("GET /chat/%2Froom?x=1&y=%20 HTTP/1.1");
    expect(upstream.field("host")).toBe("chat.example:8080");
    expect(upstream.field("origin")).toBe("https://chat.example");
    expect(upstream.field("cookie")).toBe("a=1; b=2");
    expect(upstream.field("authorization")).toBe("Bearer x");
    expect(upstream.field("user-agent")).toBe("Raw/1");
    expect(upstream.field("sec-websocket-protocol")).toBe("v2, v1");
    expect(upstream.field("x-forwarded-for")).toBe("127.0.0.1");
    expect(upstream.field("sec-websocket-key")).not.toBe("dGhlIHNhbXBsZSBub25jZQ==");
    upstream.accept();
    expect(await client.head()).toStartWith("HTTP/1.1 101 ");
  });

  test("invents no field for a client that sent few", async () => {
    await using origin = await RawOrigin.start();
    await using proxy = startWebSocketProxy({ upstream: local(origin.port) });
    using _client = await rawClient(proxy.port);
    using upstream = await origin.next();
    const names = upstream.request
      .split("\r\n")
      .slice(1)
      .map((line) => line.slice(0, line.indexOf(":")));
    expect(names.sort()).toEqual([
      "Connection",
      "Host",
      "Sec-WebSocket-Key",
      "Sec-WebSocket-Version",
      "Upgrade",
      "X-Forwarded-For",
    ]);
  });

  test("gives the client the upstream's subprotocol, cookies and other fields", async () => {
    await using origin = await RawOrigin.start();
    await using proxy = startWebSocketProxy({ upstream: local(origin.port) });
    using client = await rawClient(proxy.port, ["Sec-WebSocket-Protocol: v2, v1"]);
    using upstream = await origin.next();
    upstream.accept([
      "Sec-WebSocket-Protocol: v1",
      "Set-Cookie: a=1; Path=/",
      "Set-Cookie: b=2",
      "X-Served-By: one",
      "Date: Thu, 01 Jan 2026 00:00:00 GMT",
      "Keep-Alive: timeout=5",
    ]);
    const head = await client.head();
    expect(fieldsOf(head, "sec-websocket-protocol")).toEqual(["v1"]);
    expect(fieldsOf(head, "set-cookie")).toEqual(["a=1; Path=/", "b=2"]);
    expect(fieldsOf(head, "x-served-by")).toEqual(["one"]);
    expect(fieldsOf(head, "keep-alive")).toEqual([]);
    expect(fieldsOf(head, "sec-websocket-accept")).toEqual(["s3pPLMBiTxaQ9kYGzzhZRbK+xOo="]);
    expect(fieldsOf(head, "date")).toHaveLength(1);
  });

  test("names no subprotocol when the upstream chose none", async () => {
    await using origin = await RawOrigin.start();
    await using proxy = startWebSocketProxy({ upstream: local(origin.port) });
    using client = await rawClient(proxy.port, ["Sec-WebSocket-Protocol: v2, v1"]);
    (await origin.next()).accept();
    expect(fieldsOf(await client.head(), "sec-websocket-protocol")).toEqual([]);
  });

  test("does not accept the client before the upstream has", async () => {
    await using origin = await RawOrigin.start();
    await using proxy = startWebSocketProxy({ upstream: local(origin.port) });
    using client = await rawClient(proxy.port);
    using upstream = await origin.next();
    expect(client.received).toBe(0);
    upstream.accept();
    await client.head();
  });

  test("skips an interim answer before the 101", async () => {
    await using origin = await RawOrigin.start();
    await using proxy = startWebSocketProxy({ upstream: local(origin.port) });
    using client = await rawClient(proxy.port);
    using upstream = await origin.next();
    upstream.socket.write("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    upstream.accept();
    expect(await client.head()).toStartWith("HTTP/1.1 101 ");
  });

  test("delivers messages that came in the packet of the 101, in order with those after it", async () => {
    await using origin = await RawOrigin.start();
    await using proxy = startWebSocketProxy({ upstream: local(origin.port) });
    using client = await rawClient(proxy.port);
    using upstream = await origin.next();
    upstream.accept([], Buffer.concat([frame(Op.text, "one"), frame(Op.text, "two")]));
    upstream.send(Op.text, "three");
    await client.head();
    for (const expected of ["one", "two", "three"]) expect(String((await client.frame()).payload)).toBe(expected);
  });

  test("dials a unix socket", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "ws-"));
    try {
      const file = path.join(folder, "origin.sock");
      await using origin = await RawOrigin.start(file);
      await using proxy = startWebSocketProxy({ upstream: { type: "unix", path: file, tls: false } });
      using client = await rawClient(proxy.port);
      (await origin.next()).accept();
      expect(await client.head()).toStartWith("HTTP/1.1 101 ");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("a client's handshake that no upstream could take is refused without a dial", () => {
  test.each([
    ["426", ["Sec-WebSocket-Version: 8", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]],
    ["426", ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]],
    ["400", ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: short"]],
    ["400", ["Sec-WebSocket-Version: 13"]],
  ])("%s for %p", async (status, fields) => {
    await using origin = await RawOrigin.start();
    await using proxy = startWebSocketProxy({ upstream: local(origin.port) });
    using client = await rawRequest(proxy.port, ["GET / HTTP/1.1", "Host: a", "Upgrade: websocket", ...fields]);
    const head = await client.head();
    expect(head).toStartWith(`HTTP/1.1 ${status} `);
    const reason = status === "426" ? "websocket_version" : "websocket_key";
    expect(fieldsOf(head, "proxy-status")[0]).toEndWith(`details="${reason}"`);
    expect(fieldsOf(head, "sec-websocket-version")).toEqual(status === "426" ? ["13"] : []);
    expect(origin.connections).toBe(0);
  });
});

describe("an upstream that refuses", () => {
  const refusals: readonly (readonly [string, string, string])[] = [
    ["a known length", "Content-Length: 5\r\n\r\nnope!", "nope!"],
    ["chunks", "Transfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\n2;x=y\r\n!?\r\n0\r\nT: 1\r\n\r\n", "xyz!?"],
    ["the end of the connection", "\r\nuntil the end", "until the end"],
  ];
  for (const [name, rest, body] of refusals) {
    test(`has its status, fields and body passed on (${name})`, async () => {
      await using origin = await RawOrigin.start();
      await using proxy = startWebSocketProxy({ upstream: local(origin.port) });
      using client = await rawClient(proxy.port, ["Connection: close"]);
      using upstream = await origin.next();
      const head = "HTTP/1.1 403 Forbidden\r\nX-Why: because\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n";
      upstream.socket.end(head + rest);
      const answer = await client.head();
      expect(answer).toStartWith("HTTP/1.1 403 ");
      expect(fieldsOf(answer, "x-why")).toEqual(["because"]);
      expect(fieldsOf(answer, "set-cookie")).toEqual(["a=1", "b=2"]);
      client.socket.end();
      const { rest: bytes } = await client.end();
      expect(bytes.toString()).toContain(body.slice(0, 3));
      expect(bytes.toString().replace(/\r\n|^[0-9a-f]+$/gm, "")).toContain(body);
      expect(proxy.bridges.size).toBe(0);
    });
  }

  test("passes a body that comes later, piece by piece", async () => {
    await using origin = await RawOrigin.start();
    await using proxy = startWebSocketProxy({ upstream: local(origin.port) });
    const answer = fetch(`http://127.0.0.1:${proxy.port}/`, {
      headers: {
        Connection: "Upgrade",
        Upgrade: "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
      },
    });
    using upstream = await origin.next();
    const size = 5_000_000;
    upstream.socket.write(`HTTP/1.1 401 No\r\nContent-Length: ${size}\r\n\r\n\x07`);
    const response = await answer;
    expect(response.status).toBe(401);
    upstream.socket.write(Buffer.alloc(size - 1, 7));
    const body = await response.bytes();
    expect(body.length).toBe(size);
    expect(body.every((byte) => byte === 7)).toBe(true);
  });
});

describe("an upstream that cannot be had", () => {
  test("refused connection: 502", async () => {
    const origin = await RawOrigin.start();
    const { port } = origin;
    await origin[Symbol.asyncDispose]();
    await using proxy = startWebSocketProxy({ upstream: local(port) });
    using client = await rawClient(proxy.port);
    expect(await client.head()).toStartWith("HTTP/1.1 502 ");
    expect(proxy.errors[0]?.kind).toBe("connection_refused");
  });

  test("unknown name: 502", async () => {
    await using proxy = startWebSocketProxy({ upstream: { type: "tcp", host: "no.invalid", port: 1, tls: false } });
    using client = await rawClient(proxy.port);
    expect(await client.head()).toStartWith("HTTP/1.1 502 ");
    expect(proxy.errors[0]?.kind).toBe("dns_error");
  });

  test("no unix socket: 502", async () => {
    const upstream = { type: "unix", path: path.join(tmpdir(), "no-such-gatekeeper.sock"), tls: false } as const;
    await using proxy = startWebSocketProxy({ upstream });
    using client = await rawClient(proxy.port);
    expect(await client.head()).toStartWith("HTTP/1.1 502 ");
    expect(proxy.errors[0]?.kind).toBe("connection_refused");
  });

  test("no answer in time: 504, and its connection is closed", async () => {
    await using origin = await RawOrigin.start();
    await using proxy = startWebSocketProxy({
      upstream: local(origin.port),
      websocket: { handshakeTimeoutMs: 50 },
    });
    using client = await rawClient(proxy.port);
    using upstream = await origin.next();
    expect(await client.head()).toStartWith("HTTP/1.1 504 ");
    expect(proxy.errors[0]?.kind).toBe("http_response_timeout");
    await upstream.end();
  });

  const broken: readonly (readonly [string, string, string])[] = [
    ["closes without an answer", "", "connection_terminated"],
    ["answers something else than HTTP", "SSH-2.0-x\r\n\r\n", "http_protocol_error"],
    [
      "answers 101 without the right key",
      "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
      "upgrade_refused",
    ],
    [
      "answers 101 to something else",
      "HTTP/1.1 101 x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
      "upgrade_refused",
    ],
    ["has a head without an end", "HTTP/1.1 200 OK\r\nX: ".padEnd(300_000, "y"), "http_protocol_error"],
  ];
  for (const [name, answer, kind] of broken) {
    test(`${name}: 502 ${kind}`, async () => {
      await using origin = await RawOrigin.start();
      await using proxy = startWebSocketProxy({ upstream: local(origin.port) });
      using client = await rawClient(proxy.port);
      (await origin.next()).socket.end(answer);
      expect(await client.head()).toStartWith("HTTP/1.1 502 ");
      expect<string | undefined>(proxy.errors[0]?.kind).toBe(kind);
    });
  }

  for (const how of ["fin", "reset"] as const) {
    test(`a client that leaves (${how}) while the upstream is dialled ends that dial`, async () => {
      await using origin = await RawOrigin.start();
      await using proxy = startWebSocketProxy({ upstream: local(origin.port) });
      using client = await rawClient(proxy.port);
      using upstream = await origin.next();
      if (how === "fin") client.socket.end();
      else client.socket.resetAndDestroy();
      await upstream.end();
      await proxy.until(() => proxy.errors.length === 1);
      expect(proxy.errors[0]?.kind).toBe("client_gone");
      expect(proxy.bridges.size).toBe(0);
    });
  }
});
