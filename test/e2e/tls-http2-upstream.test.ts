import { describe, expect, test } from "bun:test";
import http2 from "node:http2";
import type { AddressInfo, Server, Socket } from "node:net";
import tls from "node:tls";
import { makeAuthority, makeCertificate } from "../helpers/certificates.ts";
import { LANES, requestText } from "../helpers/lanes.ts";
import { type ProxyUnderTest, startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { refusingPort } from "../helpers/raw-origin.ts";

const CA = makeAuthority();
const SITE = makeCertificate({ names: ["localhost"], by: CA });
const [{ fields }] = LANES;

interface Origin extends AsyncDisposable {
  readonly port: number;
  /** Cuts every connection. */
  cut(): void;
}

async function listen(server: Server, cut: () => void): Promise<Origin> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    async [Symbol.asyncDispose]() {
      cut();
      server.close();
    },
  };
}

/** An origin that has HTTP/2 and nothing else. */
function http2Origin(
  onStream: (stream: http2.ServerHttp2Stream, head: http2.IncomingHttpHeaders) => void,
): Promise<Origin> {
  const server = http2.createSecureServer({ ...SITE, allowHTTP1: false });
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  server.on("sessionError", () => {});
  server.on("stream", (stream: http2.ServerHttp2Stream, head) => {
    stream.on("error", () => {});
    onStream(stream, head);
  });
  return listen(server, () => {
    for (const socket of sockets) socket.destroy();
  });
}

/** An origin that has HTTP/1.1 only; `alpn` refuses a handshake that offers something else alone. */
async function http1Origin(alpn: boolean): Promise<Origin & { readonly connections: () => number }> {
  let connections = 0;
  const sockets = new Set<tls.TLSSocket>();
  const server = tls.createServer({ ...SITE, ...(alpn && { ALPNProtocols: ["http/1.1"] }) }, (socket) => {
    connections++;
    sockets.add(socket);
    let seen = "";
    socket.on("error", () => {});
    socket.on("data", (piece: Buffer) => {
      seen += piece.toString("latin1");
      const end = seen.indexOf("\r\n\r\n");
      const length = Number(/content-length: (\d+)/i.exec(seen)?.[1] ?? 0);
      if (end < 0 || seen.length < end + 4 + length) return;
      const body = `HTTP/1.1 ${seen.slice(end + 4)}`;
      seen = "";
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    });
  });
  server.on("tlsClientError", () => {});
  const origin = await listen(server, () => {
    for (const socket of sockets) socket.destroy();
  });
  return { ...origin, connections: () => connections };
}

function proxyTo(port: number): Promise<ProxyUnderTest> {
  const upstreamTls = {
    serverName: undefined,
    verify: true,
    ca: CA.cert,
    clientCert: undefined,
    clientKey: undefined,
    http2: true,
  };
  return startProxy([{ type: "tcp", host: "localhost", port, tls: true }], { proxy: { upstreamTls } });
}

describe("an upstream that is offered HTTP/2", () => {
  test("gets it where it has it: Host as :authority, body and fields as sent", async () => {
    await using origin = await http2Origin((stream, head) => {
      let body = "";
      stream.on("data", (piece: Buffer) => (body += piece.toString()));
      stream.on("end", () => {
        const seen = [head[":method"], head[":path"], head[":authority"], head["x-a"], head["connection"], body];
        stream.respond({ ":status": 201, "set-cookie": ["a=1", "b=2"], "x-seen": seen.join("|") });
        stream.end("done");
      });
    });
    await using proxy = await proxyTo(origin.port);
    await using client = await RawClient.connect(proxy.port);
    const sent = [...fields, "X-A: 1", "Connection: keep-alive", "Content-Length: 5"];
    const { status, head, body } = await client.request("POST", "/p?q=1", sent, "hello");
    expect([status, body.toString()]).toEqual([201, "done"]);
    expect(head.text).toContain("POST|/p?q=1|site.test|1||hello");
    expect(head.fields.filter(([name]) => name.toLowerCase() === "set-cookie").map(([, value]) => value)).toEqual([
      "a=1",
      "b=2",
    ]);
  });

  test.each([
    ["the stream", (_origin: Origin, stream: http2.ServerHttp2Stream) => stream.destroy(new Error("broken"))],
    ["the connection", (origin: Origin) => origin.cut()],
  ])("has its answer streamed piece by piece, and broken where it breaks %s", async (_what, breakOff) => {
    const { promise: opened, resolve } = Promise.withResolvers<http2.ServerHttp2Stream>();
    await using origin = await http2Origin((stream) => {
      stream.respond({ ":status": 200 });
      stream.write("first");
      resolve(stream);
    });
    await using proxy = await proxyTo(origin.port);
    await using client = await RawClient.connect(proxy.port);
    client.send(requestText("GET", "/", fields));
    await client.head();
    expect((await client.chunk()).toString()).toBe("first");
    const stream = await opened;
    stream.write("second");
    expect((await client.chunk()).toString()).toBe("second");
    breakOff(origin, stream);
    expect((await client.rest()).toString()).not.toContain("0\r\n");
    expect(proxy.log.failures[0]?.facts).toMatchObject({ reason: "connection_terminated" });
  });

  test("is told when the client goes away", async () => {
    const { promise: closed, resolve } = Promise.withResolvers<number>();
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    await using origin = await http2Origin((stream) => {
      stream.on("close", () => resolve(stream.rstCode ?? 0));
      open();
    });
    await using proxy = await proxyTo(origin.port);
    await using client = await RawClient.connect(proxy.port);
    client.send(requestText("GET", "/", fields));
    await opened;
    client.reset();
    expect(await closed).toBe(http2.constants.NGHTTP2_CANCEL);
  });

  test.each([
    ["chooses no protocol", false],
    ["refuses a handshake without a protocol in common", true],
  ])("gets HTTP/1.1 where it has nothing else: one that %s", async (_how, alpn) => {
    await using origin = await http1Origin(alpn);
    await using proxy = await proxyTo(origin.port);
    await using client = await RawClient.connect(proxy.port);
    for (let i = 0; i < 3; i++) {
      const { status, body } = await client.request("POST", "/", [...fields, "Content-Length: 5"], "hello");
      expect([status, body.toString()]).toEqual([200, "HTTP/1.1 hello"]);
    }
    expect(proxy.log.failures).toEqual([]);
    // Asked in HTTP/2 once, then never again: one connection for that at most, and one that is kept.
    expect(origin.connections()).toBeLessThanOrEqual(2);
  });

  test("that cannot be reached is a 502 as ever", async () => {
    await using proxy = await proxyTo(refusingPort());
    await using client = await RawClient.connect(proxy.port);
    expect((await client.request("GET", "/", fields)).status).toBe(502);
    expect(proxy.log.failures[0]?.facts).toMatchObject({ reason: "connection_refused" });
  });
});
