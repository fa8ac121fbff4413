import { describe, expect, test } from "bun:test";
import http2 from "node:http2";
import type { AddressInfo } from "node:net";
import type { ActiveHealthConfig, ReverseProxyConfig } from "../../src/config/model.ts";
import { ACTIVE_HEALTH_DEFAULTS } from "../../src/config/upstream-model.ts";
import { makeAuthority, makeCertificate } from "../helpers/certificates.ts";
import { configWith, type ProxyUnderTest, startProxy } from "../helpers/proxy.ts";
import { temporaryFolder } from "../helpers/binary.ts";

function health(given: Partial<ActiveHealthConfig>): Partial<ReverseProxyConfig> {
  return { activeHealth: { ...ACTIVE_HEALTH_DEFAULTS, uri: "/health", intervalMs: 15, timeoutMs: 2_000, ...given } };
}

/** An origin whose health answers as the function says. */
function origin(
  answer: (request: Request) => Response | Promise<Response>,
  options: object = {},
): Bun.Server<undefined> {
  return Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: answer, ...options } as never);
}

const messages = (proxy: ProxyUnderTest): readonly string[] => proxy.log.lines.map(({ message }) => message);

function isDown(proxy: ProxyUnderTest): Promise<void> {
  return proxy.log.until(() => messages(proxy).at(-1) === "peer is down", "the peer to be down");
}

function isUp(proxy: ProxyUnderTest): Promise<void> {
  return proxy.log.until(() => messages(proxy).at(-1) === "peer is up again", "the peer to be up again");
}

function reason(proxy: ProxyUnderTest): unknown {
  return proxy.log.lines.find(({ message }) => message === "peer is down")?.facts["reason"];
}

describe("health_uri", () => {
  test.each([
    ["a status", {}, () => new Response("no", { status: 500 }), "it answered 500"],
    ["a redirect", {}, () => Response.redirect("/elsewhere", 302), "it answered 302"],
    ["a status that is not the one", { status: 204 }, () => new Response("ok"), "it answered 200"],
    ["a body", { body: "^fine$" }, () => new Response("ill"), "its answer does not match ^fine$"],
    ["silence", { timeoutMs: 60 }, () => new Promise<Response>(() => {}), "no good answer within 60 ms"],
  ] as const)("takes a peer out for %s, and brings it back", async (_what, given, bad, why) => {
    let isWell = true;
    const well = (): Response => ("status" in given ? new Response(null, { status: 204 }) : new Response("fine"));
    await using server = origin(() => (isWell ? well() : bad()));
    await using proxy = await startProxy(Number(server.port), { proxy: health(given) });
    isWell = false;
    await isDown(proxy);
    expect(reason(proxy)).toBe(why);
    const answer = await fetch(`http://127.0.0.1:${proxy.port}/`);
    expect([answer.status, answer.headers.get("proxy-status")?.includes("no_peer_available")]).toEqual([503, true]);
    isWell = true;
    await isUp(proxy);
    expect(messages(proxy).filter((message) => message === "peer is down")).toHaveLength(1);
  });

  test("asks as it is told to: method, target, fields, Host", async () => {
    const asked = Promise.withResolvers<Request>();
    await using server = origin((request) => {
      asked.resolve(request);
      return new Response();
    });
    const headers = [
      { field: "Host", value: "app.example" },
      { field: "X-Probe", value: "1" },
    ];
    await using _ = await startProxy(Number(server.port), {
      proxy: health({ uri: "/up?deep=1", method: "HEAD", headers }),
    });
    const request = await asked.promise;
    expect([
      request.method,
      new URL(request.url).search,
      request.headers.get("host"),
      request.headers.get("x-probe"),
    ]).toEqual(["HEAD", "?deep=1", "app.example", "1"]);
  });

  test("follows redirects where it is told to", async () => {
    const paths: string[] = [];
    await using server = origin((request) => {
      const { pathname } = new URL(request.url);
      paths.push(pathname);
      return pathname === "/health" ? Response.redirect("/moved", 302) : new Response("ok");
    });
    await using proxy = await startProxy(Number(server.port), { proxy: health({ followRedirects: true }) });
    const end = performance.now() + 3_000;
    while (!paths.includes("/moved") && performance.now() < end) await Bun.sleep(5);
    expect([paths.includes("/moved"), messages(proxy)]).toEqual([true, []]);
  });

  test("asks another port", async () => {
    await using server = origin(() => new Response("traffic"));
    await using other = origin(() => new Response("ill", { status: 500 }));
    await using proxy = await startProxy(Number(server.port), { proxy: health({ port: Number(other.port) }) });
    await isDown(proxy);
  });

  test("goes over TLS with the name, the roots and the certificate that traffic has", async () => {
    const ca = makeAuthority();
    const certificate = makeCertificate({ names: ["app.test"], by: ca });
    let isWell = true;
    await using server = origin(() => new Response(null, { status: isWell ? 200 : 500 }), { tls: certificate });
    const tls = { verify: true, ca: ca.cert, clientCert: undefined, clientKey: undefined, http2: false };
    const upstream = { type: "tcp", host: "127.0.0.1", port: Number(server.port), tls: true } as const;
    await using good = await startProxy([upstream], {
      proxy: { ...health({}), upstreamTls: { ...tls, serverName: "app.test" } },
    });
    await using wrong = await startProxy([upstream], {
      proxy: { ...health({}), upstreamTls: { ...tls, serverName: "other.test" } },
    });
    await isDown(wrong);
    expect(messages(good)).toEqual([]);
    isWell = false;
    await isDown(good);
    expect(reason(good)).toBe("it answered 500");
  });

  test("goes over a unix socket", async () => {
    using folder = temporaryFolder();
    const path = `${folder.path}/app.sock`;
    let isWell = true;
    const server = Bun.serve({ unix: path, fetch: () => new Response(null, { status: isWell ? 200 : 500 }) });
    await using proxy = await startProxy([{ type: "unix", path, tls: false }], { proxy: health({}) });
    isWell = false;
    await isDown(proxy);
    isWell = true;
    await isUp(proxy);
    await server.stop(true);
  });

  test("shows the client certificate that traffic shows", async () => {
    const ca = makeAuthority();
    const own = makeCertificate({ names: ["gatekeeper"], by: ca });
    const site = makeCertificate({ names: ["127.0.0.1"], by: ca });
    const { promise: isProbed, resolve } = Promise.withResolvers<void>();
    const answer = (): Response => {
      resolve();
      return new Response("ok");
    };
    await using server = origin(answer, {
      tls: { ...site, ca: ca.cert, requestCert: true, rejectUnauthorized: true },
    });
    const upstream = { type: "tcp", host: "127.0.0.1", port: Number(server.port), tls: true } as const;
    const tls = { serverName: undefined, verify: true, ca: ca.cert, http2: false };
    const withCertificate = (clientCert?: string, clientKey?: string): Promise<ProxyUnderTest> =>
      startProxy([upstream], { proxy: { ...health({}), upstreamTls: { ...tls, clientCert, clientKey } } });
    await using without = await withCertificate();
    await isDown(without);
    // Nothing but its probes asks.
    await using proxy = await withCertificate(own.cert, own.key);
    await isProbed;
    expect(messages(proxy)).toEqual([]);
  });

  test("speaks HTTP/2 to an upstream that has nothing else", async () => {
    const ca = makeAuthority();
    let status = 200;
    const server = http2.createSecureServer({
      ...makeCertificate({ names: ["localhost"], by: ca }),
      allowHTTP1: false,
    });
    server.on("sessionError", () => {});
    server.on("stream", (stream: http2.ServerHttp2Stream, { ":path": path }) => {
      stream.on("error", () => {});
      stream.respond({ ":status": path === "/health" ? status : 200 });
      stream.end("ok");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const tls = { serverName: "localhost", verify: true, ca: ca.cert, clientCert: undefined, clientKey: undefined };
    const proxy = await startProxy([{ type: "tcp", host: "127.0.0.1", port, tls: true }], {
      proxy: { ...health({ timeoutMs: 1_000 }), upstreamTls: { ...tls, http2: true } },
    });
    status = 503;
    await isDown(proxy);
    expect(reason(proxy)).toBe("it answered 503");
    status = 200;
    await isUp(proxy);
    await proxy.worker.stop();
    server.close();
  });

  test("reads no more than 64 KiB of a body, and that within its time", async () => {
    let body: () => ReadableStream<Uint8Array> = () => endless("fine ", 0);
    await using server = origin(() => new Response(body()));
    await using proxy = await startProxy(Number(server.port), { proxy: health({ body: "fine", timeoutMs: 300 }) });
    // An endless one is no fault where its beginning matches.
    const asked = proxy.worker.peers[0];
    body = () => endless("x".repeat(1_000), 0, "fine");
    await isDown(proxy);
    expect([asked?.isUp, reason(proxy)]).toEqual([true, "its answer does not match fine"]);
    body = () => endless("fine ", 0);
    await isUp(proxy);
    body = () => endless("x", 50);
    await isDown(proxy);
    expect(proxy.worker.peers[0]?.down?.reason).toBe("no good answer within 300 ms");
  });
});

/** Sends the same again and again with a pause between; `last` comes after 100 KB. */
function endless(text: string, pauseMs: number, last = ""): ReadableStream<Uint8Array> {
  const piece = Buffer.from(text);
  let bytes = 0;
  return new ReadableStream({
    async pull(controller) {
      await Bun.sleep(pauseMs);
      bytes += piece.length;
      if (last === "" || bytes < 100_000) return controller.enqueue(piece);
      controller.enqueue(Buffer.from(last));
      controller.close();
    },
  });
}

test("a reload keeps what is known: a peer that is down stays so, is not told anew, and says why and since when", async () => {
  let isWell = false;
  await using server = origin(() => new Response(null, { status: isWell ? 200 : 500 }));
  const upstreams = [{ type: "tcp", host: "127.0.0.1", port: Number(server.port), tls: false }] as const;
  await using proxy = await startProxy(upstreams, { proxy: health({}) });
  await isDown(proxy);
  const [before] = proxy.worker.peers;
  expect(before).toMatchObject({ isUp: false, down: { reason: "it answered 500" } });
  // Spoken to in another way, and looked at in another way.
  const timeouts = { dialMs: 2_000, responseHeaderMs: 0, readMs: 0, writeMs: 0 };
  const changed = configWith({ upstreams, proxy: { ...health({ uri: "/other" }), timeouts } });
  expect((await proxy.worker.reload(changed)).type).toBe("reloaded");
  expect([proxy.worker.peers[0]?.down, messages(proxy)]).toEqual([before?.down, ["peer is down"]]);
  expect((await fetch(`http://127.0.0.1:${proxy.port}/`)).status).toBe(503);
  isWell = true;
  await isUp(proxy);
  expect(messages(proxy)).toEqual(["peer is down", "request failed", "peer is up again"]);
});
