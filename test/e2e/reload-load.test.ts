import { expect, setDefaultTimeout, test } from "bun:test";
import type { Config, RouteConfig } from "../../src/config/model.ts";
import { startWorker } from "../../src/process/worker.ts";
import { LANES } from "../helpers/lanes.ts";
import { configWith, ProxyUnderTest, RecordingLog, reverseProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { NotedSocket, NotedStream, type StreamsOrigin, startStreamsOrigin, until } from "../helpers/streams.ts";

setDefaultTimeout(60_000);

const RELOADS = 30;

/** Routes, options and peers are others each time; `stays` and `load` are always there. */
function configOf(count: number, [a, b]: readonly [StreamsOrigin, StreamsOrigin]): Config {
  const route = (name: string, origins: readonly StreamsOrigin[]): RouteConfig => ({
    name,
    match: [[{ type: "path", patterns: [`/${name}/*`] }]],
    handlers: [
      {
        type: "proxy",
        proxy: reverseProxy(
          origins.map(({ port }) => ({ type: "tcp", host: "127.0.0.1", port, tls: false })),
          { streamCloseDelayMs: 50, responseBufferBytes: 1000 + (count % 3) },
        ),
      },
    ],
    terminal: false,
  });
  const routes = [route("stays", [a]), route("load", count % 2 === 0 ? [a, b] : [b]), route(`other${count}`, [b])];
  return configWith({ upstreams: [], routes: count % 4 < 2 ? routes : routes.toReversed() });
}

test.each(LANES)("reloads under load lose no request and no stream ($lane lane)", async ({ fields }) => {
  await using a = startStreamsOrigin("a");
  await using b = startStreamsOrigin("b");
  const log = new RecordingLog();
  await using proxy = new ProxyUnderTest(await startWorker(configOf(0, [a, b]), log), log);
  const at = `127.0.0.1:${proxy.port}/stays`;
  const sockets = await Promise.all(Array.from({ length: 20 }, () => NotedSocket.open(`ws://${at}/ws`)));
  const streams = await Promise.all(Array.from({ length: 5 }, () => NotedStream.open(`http://${at}/events`)));
  let isOver = false;
  const askOn = async (): Promise<number> => {
    await using client = await RawClient.connect(proxy.port);
    let count = 0;
    for (; !isOver; count++) expect((await client.request("GET", "/load/x", fields)).status).toBe(200);
    return count;
  };
  const clients = Array.from({ length: 5 }, askOn);
  for (let count = 1; count <= RELOADS; count++) {
    expect((await proxy.worker.reload(configOf(count, [a, b]))).type).toBe("reloaded");
    await Bun.sleep(5);
  }
  isOver = true;
  for (const count of await Promise.all(clients)) expect(count).toBeGreaterThan(RELOADS);
  await Promise.all(sockets.map((socket) => socket.echo()));
  a.tick();
  await until(() => streams.every(({ text }) => text.includes("data: tick")), "an event on each stream");
  expect(log.failures).toEqual([]);
  for (const each of [...sockets, ...streams]) each[Symbol.dispose]();
});
