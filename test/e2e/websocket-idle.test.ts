import { heapStats } from "bun:jsc";
import { test } from "bun:test";
import { startProxy } from "../helpers/proxy.ts";
import { NotedSocket, startStreamsOrigin, until } from "../helpers/streams.ts";

const COUNT = 100;

function liveHeaders(): number {
  Bun.gc(true);
  return heapStats().objectTypeCounts["Headers"] ?? 0;
}

test("an idle WebSocket keeps the fields of its request, and none that were made of them", async () => {
  await using origin = startStreamsOrigin("o");
  await using proxy = await startProxy(origin.port);
  using stack = new DisposableStack();
  const open = async (): Promise<void> => {
    stack.use(await NotedSocket.open(`ws://127.0.0.1:${proxy.port}/ws`));
  };
  await open();
  const before = liveHeaders();
  for (let i = 0; i < COUNT; i++) await open();
  await until(() => origin.sockets === COUNT + 1, "all of them at the origin");
  // What a handshake left may lie on a stack for a turn or two.
  await until(() => liveHeaders() - before < COUNT * 1.2, "fields to be given back");
});
