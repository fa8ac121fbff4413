import { expect, test } from "bun:test";
import { join } from "node:path";
import { AcceptGate } from "../../../src/server/accept-gate.ts";
import { temporaryFolder } from "../../helpers/binary.ts";

/** Longer than an answer takes that is given at all. */
const PATIENCE_MS = 300;

async function isServed(where: number | string): Promise<boolean> {
  const unix = typeof where === "string" ? { unix: where } : {};
  const url = typeof where === "string" ? "http://x/" : `http://127.0.0.1:${where}/`;
  const asked = fetch(url, { ...unix, keepalive: false, signal: AbortSignal.timeout(PATIENCE_MS) });
  return await asked.then(
    (answer) => answer.ok,
    () => false,
  );
}

function serve(): Bun.Server<undefined> & AsyncDisposable {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("ok") });
  return Object.assign(server, { [Symbol.asyncDispose]: () => server.stop(true) });
}

test("connections wait while it is closed, are served when it opens, and what is open goes on", async () => {
  await using server = serve();
  await using other = serve();
  const [port = 0, otherPort = 0] = [server.port, other.port];
  using gate = new AcceptGate();
  expect(gate.close([port])).toBe(false);
  await gate.prepare();
  const { promise: answered, resolve } = Promise.withResolvers<string>();
  const data = (_: unknown, bytes: Buffer): void => resolve(bytes.toString());
  const kept = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data } });
  kept.write("GET / HTTP/1.1\r\nHost: x\r\n");
  // Taken before the gate closes.
  expect(await isServed(port)).toBe(true);
  expect([gate.close([port]), gate.isClosed]).toEqual([true, true]);
  const waiting = fetch(`http://127.0.0.1:${port}/`, { keepalive: false });
  expect([await isServed(port), await isServed(otherPort)]).toEqual([false, true]);
  kept.write("\r\n");
  expect(await answered).toStartWith("HTTP/1.1 200 ");
  kept.end();
  gate.open();
  expect(gate.isClosed).toBe(false);
  expect((await waiting).status).toBe(200);
  expect(await isServed(port)).toBe(true);
});

test("a listener that comes while it is closed is closed as well, and all are served afterwards", async () => {
  await using first = serve();
  using gate = new AcceptGate();
  await gate.prepare();
  expect(gate.close([first.port ?? 0])).toBe(true);
  await using second = serve();
  const ports = [first.port ?? 0, second.port ?? 0];
  expect(gate.close(ports)).toBe(true);
  expect(await Promise.all(ports.map(isServed))).toEqual([false, false]);
  gate.open();
  expect(await Promise.all(ports.map(isServed))).toEqual([true, true]);
});

test("a listener that goes while it is closed is left alone", async () => {
  await using stays = serve();
  using gate = new AcceptGate();
  await gate.prepare();
  {
    await using goes = serve();
    expect(gate.close([stays.port ?? 0, goes.port ?? 0])).toBe(true);
  }
  // It may have the number that the other one had.
  await using comes = serve();
  gate.open();
  expect([await isServed(stays.port ?? 0), await isServed(comes.port ?? 0)]).toEqual([true, true]);
});

test("a unix socket is found by the path that it was bound to", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "s");
  const server = Bun.serve({ unix: path, fetch: () => new Response("ok") });
  using gate = new AcceptGate();
  await gate.prepare();
  expect(gate.close([join(folder.path, "other")])).toBe(false);
  expect(gate.close([path])).toBe(true);
  expect(await isServed(path)).toBe(false);
  gate.open();
  expect(await isServed(path)).toBe(true);
  await server.stop(true);
});
