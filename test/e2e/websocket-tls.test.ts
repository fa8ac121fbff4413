import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import path from "node:path";
import tls from "node:tls";
import type { UpstreamTlsConfig } from "../../src/config/model.ts";
import { local, startWebSocketProxy } from "../helpers/ws-proxy.ts";
import { Op, OriginSocket, rawClient } from "../helpers/ws-raw.ts";

function pem(name: string): string {
  return readFileSync(path.join(import.meta.dir, "../golden/tls", name), "utf8");
}

const site = { cert: pem("site.pem"), key: pem("site.key") };
const other = { cert: pem("other.pem"), key: pem("other.key") };

interface TlsOrigin extends Disposable {
  readonly port: number;
  /** The next handshake: the TLS facts and the connection. */
  next(): Promise<{ serverName: string | false; clientCert: string | undefined; socket: OriginSocket }>;
}

async function startTlsOrigin(options: tls.TlsOptions = {}): Promise<TlsOrigin> {
  const found: ((value: Awaited<ReturnType<TlsOrigin["next"]>>) => void)[] = [];
  const server = tls.createServer({ ...site, ...options }, (socket) => {
    socket.on("error", () => {});
    socket.once("data", (bytes: Buffer) => {
      const facts = {
        serverName: (socket as tls.TLSSocket & { servername: string | false }).servername,
        // Empty when there is none, whatever the types say.
        clientCert: socket.getPeerCertificate()?.subject?.CN as string | undefined,
        socket: new OriginSocket(socket, bytes.toString("latin1").replace(/\r\n\r\n$/, "")),
      };
      found.shift()?.(facts);
    });
  });
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    next: () => new Promise((resolve) => found.push(resolve)),
    [Symbol.dispose]: () => void server.close(),
  };
}

async function opens(
  tlsConfig: Partial<UpstreamTlsConfig>,
  options: tls.TlsOptions = {},
): Promise<{
  head: string;
  error: string | undefined;
  serverName: string | false | undefined;
  clientCert: string | undefined;
}> {
  using origin = await startTlsOrigin(options);
  await using proxy = startWebSocketProxy({ upstream: local(origin.port, true), tls: tlsConfig });
  const handshake = origin.next();
  using client = await rawClient(proxy.port);
  const answer = client.head();
  const dialed = await Promise.race([handshake, answer]);
  if (typeof dialed === "string") {
    return { head: dialed, error: proxy.errors[0]?.kind, serverName: undefined, clientCert: undefined };
  }
  dialed.socket.accept();
  const head = await answer;
  client.send(Op.text, "ping");
  expect(String((await dialed.socket.frame()).payload)).toBe("ping");
  const large = Buffer.alloc(8 * 1024 * 1024, 3);
  client.send(Op.binary, large);
  expect((await dialed.socket.frame()).payload.equals(large)).toBe(true);
  dialed.socket.send(Op.binary, large);
  expect((await client.frame()).payload.equals(large)).toBe(true);
  const { serverName, clientCert } = dialed;
  return { head, error: undefined, serverName, clientCert };
}

describe("a TLS upstream", () => {
  test("is verified by the given roots and name, which is sent as SNI", async () => {
    const result = await opens({ ca: site.cert, serverName: "site.example" });
    expect(result).toMatchObject({ error: undefined, serverName: "site.example" });
    expect(result.head).toStartWith("HTTP/1.1 101 ");
  });

  test.each<[string, Partial<UpstreamTlsConfig>]>([
    ["nobody we know signed it", { serverName: "site.example" }],
    ["it is for another name", { ca: site.cert, serverName: "wrong.example" }],
    ["it does not name the address", { ca: site.cert }],
  ])("with a bad certificate is not spoken to: %s", async (_name, config) => {
    const result = await opens(config);
    expect(result.head).toStartWith("HTTP/1.1 502 ");
    expect(result.error).toBe("tls_certificate_error");
  });

  test("with a bad certificate is spoken to where it is not verified", async () => {
    expect((await opens({ verify: false })).head).toStartWith("HTTP/1.1 101 ");
    expect((await opens({ verify: false, serverName: "wrong.example" })).head).toStartWith("HTTP/1.1 101 ");
  });

  test("is shown the client certificate", async () => {
    const config = { ca: site.cert, serverName: "site.example", clientCert: other.cert, clientKey: other.key };
    const result = await opens(config, { requestCert: true, rejectUnauthorized: false });
    expect(result.clientCert).toBe("other.example");
  });

  test("that speaks no TLS is a tls_protocol_error: 502", async () => {
    const plain = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: { data: (socket) => void socket.end("HTTP/1.1 400 Bad Request\r\n\r\n") },
    });
    await using proxy = startWebSocketProxy({ upstream: local(plain.port, true), tls: { verify: false } });
    using client = await rawClient(proxy.port);
    expect(await client.head()).toStartWith("HTTP/1.1 502 ");
    expect(proxy.errors[0]?.kind).toBe("tls_protocol_error");
    plain.stop(true);
  });

  test("that never finishes TLS is a connection_timeout: 504", async () => {
    const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    await using proxy = startWebSocketProxy({ upstream: local(silent.port, true), dialTimeoutMs: 50 });
    using client = await rawClient(proxy.port);
    expect(await client.head()).toStartWith("HTTP/1.1 504 ");
    expect(proxy.errors[0]?.kind).toBe("connection_timeout");
    silent.stop(true);
  });
});
