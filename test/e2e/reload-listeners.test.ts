import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import tls from "node:tls";
import type { Config, ListenAddress, ListenerConfig, ListenerTlsConfig } from "../../src/config/model.ts";
import { ListenError, startWorker, type Worker } from "../../src/process/worker.ts";
import { temporaryFolder } from "../helpers/binary.ts";
import { type Certificate, makeAuthority, makeCertificate } from "../helpers/certificates.ts";
import { LANES, requestText } from "../helpers/lanes.ts";
import { configWith, ProxyUnderTest, RecordingLog, reverseProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { refusingPort } from "../helpers/raw-origin.ts";
import { NotedSocket, startStreamsOrigin, type StreamsOrigin, until } from "../helpers/streams.ts";

setDefaultTimeout(30_000);

const [{ fields }] = LANES;
const CA = makeAuthority();
const SITE = makeCertificate({ names: ["127.0.0.1", "site.test"], by: CA });
const NEXT = makeCertificate({ names: ["127.0.0.1", "next.test"], by: CA });

const local = (port: number): ListenAddress => ({ type: "tcp", host: "127.0.0.1", port });
const pair = (certificate: Certificate, serverNames: readonly string[] = []): ListenerTlsConfig => ({
  serverNames,
  certFile: "site.pem",
  keyFile: "site.key",
  ...certificate,
});

/** Listeners that all forward to one origin. */
function configOf(origin: StreamsOrigin, listeners: readonly Partial<ListenerConfig>[]): Config {
  const upstreams = [{ type: "tcp", host: "127.0.0.1", port: origin.port, tls: false }] as const;
  const proxy = reverseProxy(upstreams, { streamCloseDelayMs: 50 });
  const routes = [{ name: "all", match: [], handlers: [{ type: "proxy", proxy } as const], terminal: false }];
  const made = listeners.map((listener) => configWith({ upstreams, routes, listener }).listeners[0] as ListenerConfig);
  return { ...configWith({ upstreams }), listeners: made };
}

async function start(config: Config): Promise<ProxyUnderTest> {
  const log = new RecordingLog();
  return new ProxyUnderTest(await startWorker(config, log), log);
}

async function statusAt(port: number): Promise<number | "refused"> {
  try {
    await using client = await RawClient.connect(port);
    return (await client.request("GET", "/", fields)).status;
  } catch {
    return "refused";
  }
}

/** The names of the certificate that is served. */
function namesAt(port: number, servername: string): Promise<string | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  const socket = tls.connect({ port, host: "127.0.0.1", servername, rejectUnauthorized: false }, () => {
    resolve(socket.getPeerCertificate().subjectaltname);
    socket.destroy();
  });
  socket.once("error", reject);
  return promise;
}

test("new listeners are opened, gone ones closed when their requests are over, and one that stays is not touched", async () => {
  await using origin = startStreamsOrigin("a");
  const [stays, goes, comes] = [refusingPort(), refusingPort(), refusingPort()];
  await using proxy = await start(configOf(origin, [{ address: local(stays) }, { address: local(goes) }]));
  await using idle = await RawClient.connect(stays);
  await using busy = await RawClient.connect(goes);
  using socketStays = await NotedSocket.open(`ws://127.0.0.1:${stays}/ws`);
  using socketGoes = await NotedSocket.open(`ws://127.0.0.1:${goes}/ws`);
  expect((await idle.request("GET", "/", fields)).status).toBe(200);
  busy.send(requestText("GET", "/slow", fields));
  await origin.waiting(1);
  const next = configOf(origin, [{ address: local(comes) }, { address: local(stays) }]);
  expect(await proxy.worker.reload(next)).toMatchObject({ listeners: { opened: 1, closed: 1, replaced: 0 } });
  expect(proxy.worker.urls).toEqual([`http://127.0.0.1:${comes}`, `http://127.0.0.1:${stays}`]);
  expect(await Promise.all([comes, stays, goes].map(statusAt))).toEqual([200, 200, "refused"]);
  origin.release();
  expect((await busy.answer()).body.toString()).toBe("a");
  await busy.ended();
  await until(() => socketGoes.closeCode !== undefined, "the WebSocket of the gone listener to go");
  expect(socketGoes.closeCode).toBe(1001);
  await socketStays.echo();
  expect((await idle.request("GET", "/", fields)).status).toBe(200);
});

test("an address that cannot be listened on leaves everything as it was", async () => {
  await using origin = startStreamsOrigin("a");
  using taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const [old, free] = [refusingPort(), refusingPort()];
  const before = configOf(origin, [{ address: local(old) }]);
  await using proxy = await start(before);
  await using client = await RawClient.connect(old);
  const listeners = [{ address: local(free) }, { address: local(taken.port) }];
  const result = await proxy.worker.reload(configOf(origin, listeners));
  expect(result).toMatchObject({ type: "cannot_listen" });
  const [failure] = result.type === "cannot_listen" ? result.failures : [];
  expect(failure?.listener.address).toEqual(local(taken.port));
  expect(failure?.error).toMatchObject({ code: "EADDRINUSE" });
  expect(await statusAt(free)).toBe("refused");
  expect((await client.request("GET", "/", fields)).status).toBe(200);
  expect(proxy.worker.config).toBe(before);
  expect(proxy.worker.urls).toEqual([`http://127.0.0.1:${old}`]);
});

test("a port is not shared with another gatekeeper, though its listeners could share it", async () => {
  await using origin = startStreamsOrigin("a");
  const config = configOf(origin, [{ address: local(refusingPort()) }]);
  await using _proxy = await start(config);
  await expect(startWorker(config, new RecordingLog())).rejects.toBeInstanceOf(ListenError);
  const script = `
    const { startWorker } = await import(${JSON.stringify(join(import.meta.dir, "../../src/process/worker.ts"))});
    const silent = () => {};
    const log = { error: silent, warn: silent, info: silent, debug: silent, debugEnabled: false };
    const end = await startWorker(${JSON.stringify(config)}, log).catch((error) => error.failures[0].error.code);
    console.log(end);
    process.exit();`;
  const other = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
  expect((await new Response(other.stdout).text()).trim()).toBe("EADDRINUSE");
});

test("an address may become wider, on the same port", async () => {
  await using origin = startStreamsOrigin("a");
  const port = refusingPort();
  await using proxy = await start(configOf(origin, [{ address: local(port) }]));
  const wide: ListenAddress = { type: "tcp", host: "0.0.0.0", port };
  const result = await proxy.worker.reload(configOf(origin, [{ address: wide }]));
  expect(result).toMatchObject({ listeners: { opened: 1, closed: 1, replaced: 0 } });
  expect(await statusAt(port)).toBe(200);
});

test("another certificate is served on the same port, and what is open stays open", async () => {
  await using origin = startStreamsOrigin("a");
  const address = local(0);
  await using proxy = await start(configOf(origin, [{ address, tls: [pair(SITE)], http2: true }]));
  const { port } = proxy;
  using socket = await NotedSocket.open(`wss://127.0.0.1:${port}/ws`, { tls: { rejectUnauthorized: false } });
  await using busy = await RawClient.connect(port, { tls: true });
  busy.send(requestText("GET", "/slow", fields));
  await origin.waiting(1);
  const next = configOf(origin, [{ address, tls: [pair(NEXT)], http2: true }]);
  expect(await proxy.worker.reload(next)).toMatchObject({ listeners: { opened: 0, closed: 0, replaced: 1 } });
  expect(proxy.port).toBe(port);
  for (let i = 0; i < 20; i++) expect(await namesAt(port, "site.test")).toContain("next.test");
  await socket.echo();
  origin.release();
  expect((await busy.answer()).status).toBe(200);
  // The same again, named otherwise: nothing to replace.
  const renamed = { ...pair(NEXT), certFile: "renamed.pem" };
  const same = configOf(origin, [{ address, tls: [renamed], http2: true }]);
  expect(await proxy.worker.reload(same)).toMatchObject({ listeners: { replaced: 0 } });
  await socket.echo();
});

test("a certificate is chosen by the name that the client asks for", async () => {
  await using origin = startStreamsOrigin("a");
  const certificates = [pair(SITE, ["site.test"]), pair(NEXT, ["next.test", "*.wild.test"])];
  await using proxy = await start(configOf(origin, [{ tls: certificates, http2: true }]));
  const served = await Promise.all(
    ["site.test", "next.test", "a.wild.test", "other.test"].map((name) => namesAt(proxy.port, name)),
  );
  expect(served.map((names) => (names?.includes("next.test") === true ? "next" : "site"))).toEqual([
    "site",
    "next",
    "next",
    "site",
  ]);
});

test("a unix socket gives way to another of its name without a gap, and nothing is left behind at the end", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "front.sock");
  const address: ListenAddress = { type: "unix", path };
  await using origin = startStreamsOrigin("a");
  const worker: Worker = (await start(configOf(origin, [{ address }]))).worker;
  await using busy = await RawClient.connect(0, { unix: path });
  busy.send(requestText("GET", "/slow", fields));
  await origin.waiting(1);
  const next = configOf(origin, [{ address, clientIdleTimeoutMs: 20_000 }]);
  expect(await worker.reload(next)).toMatchObject({ listeners: { replaced: 1 } });
  await using client = await RawClient.connect(0, { unix: path });
  expect((await client.request("GET", "/", fields)).status).toBe(200);
  origin.release();
  expect((await busy.answer()).status).toBe(200);
  await busy.ended();
  expect(existsSync(path)).toBe(true);
  await worker.stop();
  expect(readdirSync(folder.path)).toEqual([]);
});
