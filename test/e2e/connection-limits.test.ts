import { describe, expect, test } from "bun:test";
import { configWith, startProxy } from "../helpers/proxy.ts";
import { type RawAnswer, RawClient } from "../helpers/raw-client.ts";
import { valueOf } from "../helpers/raw-head.ts";
import { NotedSocket, NotedStream, startStreamsOrigin, until } from "../helpers/streams.ts";

const HANDSHAKE = [
  "Host: x",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

function expectRefusal({ status, head }: RawAnswer, reason = "connection_limit_reached"): void {
  expect(status).toBe(503);
  expect(valueOf(head, "proxy-status")).toBe(`gatekeeper; error=connection_limit_reached; details="${reason}"`);
  expect(valueOf(head, "connection")).toBe("close");
}

describe("max_connections", () => {
  test("refuses requests, uploads and handshakes at once past it, closes their connections, and hurts nothing that is open", async () => {
    await using origin = startStreamsOrigin("o");
    await using proxy = await startProxy(origin.port, { process: { maxConnections: 3 } });
    const url = `127.0.0.1:${proxy.port}`;
    using socket = await NotedSocket.open(`ws://${url}/ws`);
    using stream = await NotedStream.open(`http://${url}/events`);
    await using slow = await RawClient.connect(proxy.port);
    slow.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
    await origin.waiting(1);
    for (const [method, fields, body] of [
      ["GET", ["Host: x"], ""],
      ["POST", ["Host: x", "Content-Length: 5"], "hello"],
      ["GET", HANDSHAKE, ""],
    ] as const) {
      await using refused = await RawClient.connect(proxy.port);
      expectRefusal(await refused.request(method, "/", fields, body));
      await refused.ended();
    }
    await socket.echo();
    origin.tick();
    await until(() => stream.text.includes("data: tick"), "an event");
    origin.release();
    expect((await slow.answer()).status).toBe(200);
    // The place of one that is over is free again, also on its own connection.
    expect((await slow.request("GET", "/", ["Host: x"])).status).toBe(200);
    const told = proxy.log.lines.filter(({ message }) => message.startsWith("max_connections is reached"));
    expect(told).toHaveLength(1);
  });

  test("frees the places of clients that leave, of WebSockets that close, and of requests that fail", async () => {
    await using origin = startStreamsOrigin("o");
    await using proxy = await startProxy(origin.port, { process: { maxConnections: 1 } });
    const url = `127.0.0.1:${proxy.port}`;
    const isFree = async (): Promise<boolean> => {
      const answer = await fetch(`http://${url}/`, { keepalive: false });
      await answer.text();
      return answer.status === 200;
    };
    const untilFree = async (): Promise<void> => {
      const end = performance.now() + 5_000;
      while (!(await isFree())) if (performance.now() > end) throw new Error("the place stays taken");
    };
    for (let round = 0; round < 3; round++) {
      {
        await using leaver = await RawClient.connect(proxy.port);
        leaver.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
        await origin.waiting(1);
        expect(await isFree()).toBe(false);
      }
      await untilFree();
      {
        using _socket = await NotedSocket.open(`ws://${url}/ws`);
        expect(await isFree()).toBe(false);
      }
      await untilFree();
      await using bad = await RawClient.connect(proxy.port);
      expect((await bad.request("GET", "/", [...HANDSHAKE.slice(0, 3), "Sec-WebSocket-Version: 8"])).status).toBe(426);
      await untilFree();
      origin.release();
    }
  });

  test("is another one after a reload, also none", async () => {
    await using origin = startStreamsOrigin("o");
    const at = (maxConnections: number) =>
      configWith({
        upstreams: [{ type: "tcp", host: "127.0.0.1", port: origin.port, tls: false }],
        process: { maxConnections },
      });
    await using proxy = await startProxy(origin.port, { process: { maxConnections: 1 } });
    const open = (): Promise<NotedSocket> => NotedSocket.open(`ws://127.0.0.1:${proxy.port}/ws`);
    using first = await open();
    await expect(open()).rejects.toThrow();
    expect((await proxy.worker.reload(at(2))).type).toBe("reloaded");
    using _second = await open();
    await expect(open()).rejects.toThrow();
    expect((await proxy.worker.reload(at(0))).type).toBe("reloaded");
    using _third = await open();
    await first.echo();
  });
});

describe("max_connections_per_ip", () => {
  test("counts each client by itself: by the connection's address, or by what a trusted proxy tells of it", async () => {
    await using origin = startStreamsOrigin("o");
    await using proxy = await startProxy(origin.port, {
      process: { maxConnectionsPerIp: 1 },
      listener: { trustedProxies: ["127.0.0.1/32"] },
    });
    await using stack = new AsyncDisposableStack();
    const slow = async (client: string): Promise<void> => {
      const connection = stack.use(await RawClient.connect(proxy.port));
      connection.send(`GET /slow HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: ${client}\r\n\r\n`);
    };
    const ask = async (client: string): Promise<RawAnswer> => {
      await using connection = await RawClient.connect(proxy.port);
      return await connection.request("GET", "/", ["Host: x", `X-Forwarded-For: ${client}`]);
    };
    await slow("192.0.2.1");
    await slow("2001:db8:1:2::7");
    await origin.waiting(2);
    expectRefusal(await ask("192.0.2.1"), "client_limit_reached");
    expect((await ask("192.0.2.2")).status).toBe(200);
    // One who has an IPv6 address has its /64.
    expectRefusal(await ask("2001:db8:1:2:aaaa::1"), "client_limit_reached");
    expect((await ask("2001:db8:1:3::7")).status).toBe(200);
    origin.release();
  });

  test("does not believe what a client says of itself", async () => {
    await using origin = startStreamsOrigin("o");
    await using proxy = await startProxy(origin.port, { process: { maxConnectionsPerIp: 1 } });
    await using first = await RawClient.connect(proxy.port);
    first.send("GET /slow HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n");
    await origin.waiting(1);
    await using second = await RawClient.connect(proxy.port);
    const answer = await second.request("GET", "/", ["Host: x", "X-Forwarded-For: 192.0.2.2"]);
    expectRefusal(answer, "client_limit_reached");
    origin.release();
  });
});
