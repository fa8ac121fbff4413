import { describe, expect, test } from "bun:test";
import { EventStream } from "../../src/server/admin/event-stream.ts";
import { startAdmin, TICK, type AdminUnderTest, type Watcher } from "../helpers/admin.ts";
import { RawClient } from "../helpers/raw-client.ts";

const ASK = ["Host: localhost"];

async function watch(admin: AdminUnderTest, target = "/events", fields: readonly string[] = ASK): Promise<RawClient> {
  const client = await RawClient.connect(admin.port);
  client.send(`GET ${target} HTTP/1.1\r\n${fields.map((line) => `${line}\r\n`).join("")}\r\n`);
  return client;
}

/** The one that watches, once it does. */
async function watcher(admin: AdminUnderTest): Promise<Watcher> {
  while (admin.process.watchers.length === 0) await Bun.sleep(2);
  const [first] = admin.process.watchers;
  if (first === undefined) throw new Error("nobody watches");
  return first;
}

const seen = (client: RawClient, text: string) => client.until(() => client.unread.includes(text), text);

async function aborted(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) await Bun.sleep(2);
}

describe("/events", () => {
  test("tells what the process tells, when it does", async () => {
    await using admin = await startAdmin();
    await using client = await watch(admin);
    const { options, tell, end } = await watcher(admin);
    expect(options).toEqual({ exchanges: undefined, mayWrite: true });
    await seen(client, "retry: 1000\n\n");
    expect(client.unread.toString()).toContain("text/event-stream");
    tell("history", { ticks: [TICK] });
    await seen(client, `event: history\ndata: ${JSON.stringify({ ticks: [TICK] })}\n\n`);
    tell("tick", TICK);
    await seen(client, `event: tick\ndata: ${JSON.stringify(TICK)}\n\n`);
    expect(end.aborted).toBe(false);
  });

  test("tells exchanges only to who asks for them, and those that are asked for", async () => {
    await using admin = await startAdmin();
    await using _client = await watch(admin, "/events?exchanges");
    expect((await watcher(admin)).options.exchanges).toEqual({});
    admin.process.watchers.length = 0;
    await using _some = await watch(admin, "/events?status=5xx&slower_than=1s");
    expect((await watcher(admin)).options.exchanges).toEqual({ statuses: [[500, 599]], slowerThanMs: 1_000 });
    await using wrong = await RawClient.connect(admin.port);
    expect((await wrong.request("GET", "/events?status=never", ASK)).status).toBe(400);
  });

  test("knows whether this reader may change something", async () => {
    const token = "0123456789abcdef";
    await using admin = await startAdmin({ token });
    await using _client = await watch(admin);
    expect((await watcher(admin)).options.mayWrite).toBe(false);
    admin.process.watchers.length = 0;
    await using _other = await watch(admin, "/events", [...ASK, `Authorization: Bearer ${token}`]);
    expect((await watcher(admin)).options.mayWrite).toBe(true);
  });

  test("stops asking when the reader is gone", async () => {
    await using admin = await startAdmin();
    const client = await watch(admin);
    const { tell, end } = await watcher(admin);
    await seen(client, "retry");
    client.reset();
    await aborted(end);
    // Told too late, and dropped.
    tell("tick", TICK);
    client[Symbol.dispose]();
  });

  test("lets a reader go that does not read, and holds little for it", async () => {
    await using admin = await startAdmin();
    await using client = await watch(admin);
    const { tell, end } = await watcher(admin);
    await seen(client, "retry");
    client.pause();
    const exchanges = { exchanges: [], untold: 0, padding: "x".repeat(50_000) };
    let toldBytes = 0;
    while (!end.aborted) {
      tell("exchanges", exchanges);
      toldBytes += 50_000;
      // What the system takes for a connection, and what waits here, is some megabytes.
      expect(toldBytes).toBeLessThan(64 * 1024 * 1024);
      await Bun.sleep(0);
    }
    client.resume();
    await client.until(() => client.ending !== undefined, "the end");
    expect(client.receivedBytes).toBeLessThan(toldBytes);
    await using again = await watch(admin);
    await seen(again, "retry");
  });

  test("ends when the listener does", async () => {
    await using admin = await startAdmin();
    await using client = await watch(admin);
    const { end } = await watcher(admin);
    await seen(client, "retry");
    await admin.listener.close();
    expect(end.aborted).toBe(true);
    await client.until(() => client.unread.includes("\r\n0\r\n\r\n"), "the end of the body");
  });

  test("has so many readers and no more", async () => {
    await using admin = await startAdmin();
    const clients = await Promise.all(Array.from({ length: 64 }, () => watch(admin)));
    while (admin.process.watchers.length < 64) await Bun.sleep(2);
    await using late = await RawClient.connect(admin.port);
    expect((await late.request("GET", "/events", ASK)).status).toBe(503);
    clients[0]?.reset();
    const [first] = admin.process.watchers;
    if (first !== undefined) await aborted(first.end);
    expect(admin.process.watchers.filter(({ end }) => end.aborted).length).toBe(1);
    await using next = await watch(admin);
    await seen(next, "retry");
    for (const client of clients) client[Symbol.dispose]();
  });
});

test("a stream of events that has nothing to tell beats", async () => {
  let isOver = false;
  const { body } = new EventStream({
    closing: new AbortController().signal,
    watch: () => {},
    onOver: () => (isOver = true),
    heartbeatMs: 5,
  });
  const reader = body.getReader();
  const read = async () => Buffer.from((await reader.read()).value ?? []).toString();
  expect([await read(), await read(), await read()]).toEqual(["retry: 1000\n\n", ":\n\n", ":\n\n"]);
  await reader.cancel();
  expect(isOver).toBe(true);
});
