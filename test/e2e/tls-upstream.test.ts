import { describe, expect, test } from "bun:test";
import type { AddressInfo } from "node:net";
import tls from "node:tls";
import type { UpstreamTlsConfig } from "../../src/config/model.ts";
import { type Certificate, makeAuthority, makeCertificate } from "../helpers/certificates.ts";
import { LANES } from "../helpers/lanes.ts";
import { type ProxyUnderTest, startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { valueOf } from "../helpers/raw-head.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const DAY_MS = 86_400_000;
const CA = makeAuthority();
const GOOD = makeCertificate({ names: ["localhost", "127.0.0.1"], by: CA });
const NAMED = makeCertificate({ names: ["origin.test"], by: CA });
const SELF_SIGNED = makeCertificate({ names: ["localhost", "127.0.0.1"] });
const OTHER_ROOT = makeCertificate({ names: ["localhost", "127.0.0.1"], by: makeAuthority("Another authority") });
const EXPIRED = makeCertificate({
  names: ["localhost", "127.0.0.1"],
  by: CA,
  notBefore: new Date(Date.now() - 3 * DAY_MS),
  notAfter: new Date(Date.now() - 2 * DAY_MS),
});

function proxyTo(port: number, options: Partial<UpstreamTlsConfig>, host = "localhost"): Promise<ProxyUnderTest> {
  const upstreamTls: UpstreamTlsConfig = {
    serverName: undefined,
    verify: true,
    ca: CA.cert,
    clientCert: undefined,
    clientKey: undefined,
    http2: false,
    ...options,
  };
  return startProxy([{ type: "tcp", host, port, tls: true }], { proxy: { upstreamTls } });
}

describe.each(LANES)("TLS to the upstream ($lane lane)", ({ fields }) => {
  const withHost = (host: string): string[] => [`Host: ${host}`, ...fields.slice(1)];

  async function outcome(
    certificate: Certificate,
    options: Partial<UpstreamTlsConfig>,
    host?: string,
    hostField = "site.test",
  ): Promise<{ status: number; reason: unknown; detail: unknown; proxyStatus: string | undefined }> {
    await using origin = RawOrigin.start(OK, { tls: certificate });
    await using proxy = await proxyTo(origin.port, options, host);
    await using client = await RawClient.connect(proxy.port);
    const { status, head } = await client.request("GET", "/", withHost(hostField));
    const facts = proxy.log.failures[0]?.facts;
    return { status, reason: facts?.["reason"], detail: facts?.["detail"], proxyStatus: valueOf(head, "proxy-status") };
  }

  test.each([
    ["the upstream's host name", GOOD, {}, "localhost", "site.test"],
    ["the upstream's IP address", GOOD, {}, "127.0.0.1", "site.test"],
    ["the name of --sni", NAMED, { serverName: "origin.test" }, "localhost", "site.test"],
    ["the name of --sni, whatever an IP address says", NAMED, { serverName: "origin.test" }, "127.0.0.1", "site.test"],
    [
      "the name of --sni, though Host is another upstream's",
      NAMED,
      { serverName: "origin.test" },
      "localhost",
      "localhost",
    ],
  ] as const)("verifies against %s, not against Host", async (_what, certificate, options, host, hostField) => {
    expect(await outcome(certificate, options, host, hostField)).toMatchObject({ status: 200, reason: undefined });
  });

  test.each([
    ["a wrong name", NAMED, {}, "localhost", "site.test"],
    ["a wrong name that the client's Host has", NAMED, {}, "localhost", "origin.test"],
    ["a name that is not the one of --sni", GOOD, { serverName: "origin.test" }, "localhost", "localhost"],
    ["a wrong name for an IP address", NAMED, {}, "127.0.0.1", "site.test"],
    ["a self-signed certificate", SELF_SIGNED, {}, "localhost", "site.test"],
    ["a self-signed certificate without ca_file", SELF_SIGNED, { ca: undefined }, "localhost", "site.test"],
    ["a certificate of another root", OTHER_ROOT, {}, "localhost", "site.test"],
    ["a certificate of a root that the system does not know", GOOD, { ca: undefined }, "localhost", "site.test"],
    ["an expired certificate", EXPIRED, {}, "localhost", "site.test"],
  ] as const)("answers 502 for %s, the reason in the log", async (_what, certificate, options, host, hostField) => {
    const { status, reason, detail, proxyStatus } = await outcome(certificate, options, host, hostField);
    expect({ status, reason }).toEqual({ status: 502, reason: "tls_certificate_error" });
    expect(String(detail).length).toBeGreaterThan(10);
    expect(proxyStatus).toContain("error=tls_certificate_error");
  });

  test.each([
    ["a wrong name", NAMED],
    ["a self-signed certificate", SELF_SIGNED],
    ["an expired certificate", EXPIRED],
  ])("accepts %s with --insecure", async (_what, certificate) => {
    expect(await outcome(certificate, { verify: false })).toMatchObject({ status: 200 });
  });

  test("accepts a self-signed certificate that ca_file names", async () => {
    expect(await outcome(SELF_SIGNED, { ca: SELF_SIGNED.cert })).toMatchObject({ status: 200 });
  });

  test("answers 502 for an upstream that speaks plain HTTP", async () => {
    const plain = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        data(socket) {
          socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        },
      },
    });
    await using proxy = await proxyTo(plain.port, {});
    await using client = await RawClient.connect(proxy.port);
    expect((await client.request("GET", "/", fields)).status).toBe(502);
    expect(proxy.log.failures[0]?.facts).toMatchObject({ reason: "tls_protocol_error" });
    plain.stop(true);
  });

  test("shows a client certificate where one is configured, and is refused without it", async () => {
    const mine = makeCertificate({ names: ["gatekeeper"], by: CA });
    const options = { key: GOOD.key, cert: GOOD.cert, ca: CA.cert, requestCert: true, rejectUnauthorized: true };
    const server = tls.createServer(options, (socket) => {
      const name = String(socket.getPeerCertificate().subject.CN);
      socket.on("error", () => {});
      socket.on("data", () => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      await using proxy = await proxyTo(port, { clientCert: mine.cert, clientKey: mine.key }, "127.0.0.1");
      await using client = await RawClient.connect(proxy.port);
      const { status, body } = await client.request("GET", "/", fields);
      expect([status, body.toString()]).toEqual([200, "gatekeeper"]);
      await using bare = await proxyTo(port, {}, "127.0.0.1");
      await using other = await RawClient.connect(bare.port);
      expect((await other.request("GET", "/", fields)).status).toBe(502);
      expect(bare.log.failures).toHaveLength(1);
    } finally {
      server.close();
    }
  });

  test("keeps connections apart that are verified differently", async () => {
    await using origin = RawOrigin.start(OK, { tls: SELF_SIGNED });
    await using lax = await proxyTo(origin.port, { verify: false });
    await using strict = await proxyTo(origin.port, {});
    for (const [proxy, status] of [
      [lax, 200],
      [strict, 502],
      [lax, 200],
      [strict, 502],
    ] as const) {
      await using client = await RawClient.connect(proxy.port);
      expect((await client.request("GET", "/", fields)).status).toBe(status);
    }
  });
});
