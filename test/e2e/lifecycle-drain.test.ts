import { describe, expect, test } from "bun:test";
import { makeAuthority, makeCertificate } from "../helpers/certificates.ts";
import { H2Client } from "../helpers/h2-client.ts";
import { LANES, requestText } from "../helpers/lanes.ts";
import { type ProxyUnderTest, startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";

const CA = makeAuthority();
const SITE = makeCertificate({ names: ["127.0.0.1"], by: CA });
const SECURE = { tls: [{ serverNames: [], certFile: "site.pem", keyFile: "site.key", ...SITE }], http2: true };
const GRACE_MS = 10_000;
const SIZE = 9_000_000;
const [{ fields }] = LANES;
const NEVER = new AbortController().signal;

/** An origin whose every answer is large, of a known length or chunked. */
function largeOrigin(): RawOrigin {
  return RawOrigin.start(({ connection, target }) => {
    const size = target === "/gathered" ? 900_000 : SIZE;
    if (target === "/chunked") {
      connection.send(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${size.toString(16)}\r\n`);
      connection.send(Buffer.alloc(size));
      connection.send("\r\n0\r\n\r\n");
    } else {
      connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
      connection.send(Buffer.alloc(size));
    }
  });
}

function proxyFor(origin: RawOrigin, secure: boolean): Promise<ProxyUnderTest> {
  return startProxy(origin.port, { listener: secure ? SECURE : {}, process: { gracePeriodMs: GRACE_MS } });
}

async function drained(proxy: ProxyUnderTest): Promise<{ result: string; ms: number }> {
  const began = performance.now();
  const result = await proxy.worker.drain(NEVER);
  return { result, ms: performance.now() - began };
}

describe.concurrent("a drain does not wait out the grace period for a connection without a request", () => {
  test.concurrent.each([
    ["half a head", false, "GET / HTTP/1.1\r\nHos"],
    ["TLS and no request", true, ""],
    ["half a head over TLS", true, "GET / HTTP/1.1\r\nHos"],
  ])("%s", async (_name, secure, sent) => {
    await using origin = largeOrigin();
    await using proxy = await proxyFor(origin, secure);
    await using client = await RawClient.connect(proxy.port, { tls: secure });
    if (sent !== "") client.send(sent);
    // One that is answered shows that the other has been accepted.
    await using other = await RawClient.connect(proxy.port, { tls: secure });
    expect((await other.request("GET", "/gathered", fields)).status).toBe(200);
    const { result, ms } = await drained(proxy);
    expect(result).toBe("drained");
    expect(ms).toBeLessThan(GRACE_MS / 2);
  });

  test.concurrent("HTTP/2 and no request", async () => {
    await using origin = largeOrigin();
    await using proxy = await proxyFor(origin, true);
    await using _client = await H2Client.connect(proxy.port, CA.cert);
    const { result, ms } = await drained(proxy);
    expect(result).toBe("drained");
    expect(ms).toBeLessThan(GRACE_MS / 2);
  });
});

describe.concurrent("a drain lets a client that reads late have its whole answer", () => {
  test.concurrent.each(["/gathered", "/streamed", "/chunked"])("HTTP/1.1, %s", async (target) => {
    await using origin = largeOrigin();
    await using proxy = await proxyFor(origin, false);
    await using client = await RawClient.connect(proxy.port);
    client.pause();
    client.send(requestText("GET", target, fields));
    await origin.exchange();
    const draining = drained(proxy);
    client.resume();
    const { body } = await client.answer();
    expect(body.length).toBe(target === "/gathered" ? 900_000 : SIZE);
    expect((await draining).result).toBe("drained");
  });

  test.concurrent.each(["/gathered", "/streamed"])("HTTP/2, %s", async (target) => {
    await using origin = largeOrigin();
    await using proxy = await proxyFor(origin, true);
    await using client = await H2Client.connect(proxy.port, CA.cert);
    const request = client.session.request({ ":path": target, accept: "*/*", "user-agent": "test" });
    const ended = new Promise<void>((resolve, reject) => {
      request.on("end", () => resolve());
      request.on("error", reject);
    });
    await new Promise((resolve) => request.once("response", resolve));
    // From here on nothing is read until the drain has begun.
    request.pause();
    const draining = drained(proxy);
    let received = 0;
    request.on("data", (piece: Buffer) => (received += piece.length));
    request.resume();
    await ended;
    expect(received).toBe(target === "/gathered" ? 900_000 : SIZE);
    expect((await draining).result).toBe("drained");
  });
});
