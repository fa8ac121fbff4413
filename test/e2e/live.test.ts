import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { UpstreamAddress } from "../../src/config/model.ts";
import type { LiveEvents } from "../../src/observe/live.ts";
import type { WatchOptions } from "../../src/server/admin/admin-handlers.ts";
import { sampleIn, startOverviewed } from "../helpers/overviewed.ts";
import { sum } from "../../src/observe/metrics/tally.ts";
import { configWith, type ProxyOptions } from "../helpers/proxy.ts";
import { RawOrigin, refusingPort } from "../helpers/raw-origin.ts";
import { rawClient } from "../helpers/ws-raw.ts";

setDefaultTimeout(20_000);

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

type Told = {
  readonly [Name in keyof LiveEvents]: { readonly name: Name; readonly data: LiveEvents[Name] };
}[keyof LiveEvents];

/** A watcher that keeps what it is told. */
class Watching implements Disposable {
  readonly all: Told[] = [];
  readonly #end = new AbortController();

  constructor({ overview }: Awaited<ReturnType<typeof startOverviewed>>, options: WatchOptions) {
    overview.watch(options, (name, data) => this.all.push({ name, data } as Told), this.#end.signal);
  }

  /** The first of its kind that is as it should be. */
  async until<Name extends keyof LiveEvents>(
    name: Name,
    isIt: (data: LiveEvents[Name]) => boolean,
  ): Promise<LiveEvents[Name]> {
    const end = performance.now() + 5_000;
    for (;;) {
      for (const told of this.all)
        if (told.name === name && isIt(told.data as LiveEvents[Name])) return told.data as LiveEvents[Name];
      if (performance.now() > end) throw new Error(`no such ${name} in ${JSON.stringify(this.all.slice(-3))}`);
      await Bun.sleep(10);
    }
  }

  end(): void {
    this.#end.abort();
  }

  [Symbol.dispose](): void {
    this.end();
  }
}

function at(port: number): UpstreamAddress {
  return { type: "tcp", host: "127.0.0.1", port, tls: false };
}

async function withProxy(
  options: ProxyOptions,
  use: (overviewed: Awaited<ReturnType<typeof startOverviewed>>) => Promise<void>,
): Promise<void> {
  await using overviewed = await startOverviewed(configWith(options));
  await use(overviewed);
}

describe("who watches", () => {
  test("is told the history and the state at once, then what happens each second", async () => {
    await using origin = RawOrigin.start(OK);
    await withProxy({ upstreams: [at(origin.port)] }, async (overviewed) => {
      using watching = new Watching(overviewed, { exchanges: undefined });
      expect(watching.all[0]).toEqual({ name: "history", data: { ticks: [] } });
      for (let i = 0; i < 5; i++) await (await fetch(`http://127.0.0.1:${overviewed.port}/a`)).text();
      const first = await watching.until("state", () => true);
      expect(first).toMatchObject({ version: "0.0.0", pid: process.pid, isStopping: false, mayWrite: false });
      expect(first.peers).toMatchObject([{ name: `127.0.0.1:${origin.port}`, state: "up", inFlight: 0 }]);
      const tick = await watching.until("tick", ({ requests }) => requests > 0);
      expect(tick.p50Ms).toBeGreaterThan(0);
      const state = await watching.until("state", ({ routes }) => routes[0]?.requests === 5);
      expect(state.peers[0]).toMatchObject({ requests: 5, failures: 0 });
      expect(state.peers[0]?.p99Ms).toBeGreaterThan(0);
      expect(state.routes[0]).toMatchObject({ key: "/", errors: 0 });
      expect(state.slowest).toHaveLength(5);
      expect(state.workers).toMatchObject([{ worker: 1, pid: process.pid, isServing: true, restarts: 0 }]);
      expect(state.workers[0]?.rssBytes).toBeGreaterThan(1_000_000);
      expect(watching.all.some(({ name }) => name === "exchanges")).toBe(false);
      using late = new Watching(overviewed, { exchanges: undefined });
      const { ticks } = await late.until("history", () => true);
      expect(ticks).toContainEqual(tick);
      expect(sum(ticks.map(({ requests }) => requests))).toBe(5);
      expect(sum(ticks.map(({ bytesSent }) => bytesSent))).toBe(25);
    });
  });

  test("is told each exchange that ended while it watched, where it wants that, and nothing after its end", async () => {
    await using origin = RawOrigin.start(OK);
    await withProxy({ upstreams: [at(origin.port)] }, async (overviewed) => {
      const get = async (path: string) => await (await fetch(`http://127.0.0.1:${overviewed.port}${path}`)).text();
      await get("/before");
      using watching = new Watching(overviewed, { exchanges: {}, mayWrite: true });
      using other = new Watching(overviewed, { exchanges: undefined });
      const before = watching.all.length;
      while (watching.all.length < before + 4) await Bun.sleep(10);
      await get("/while?x=1");
      const { exchanges, untold } = await watching.until("exchanges", () => true);
      expect(untold).toBe(0);
      expect(exchanges).toMatchObject([
        {
          method: "GET",
          uri: "/while?x=1",
          status: 200,
          sizeBytes: 5,
          clientAddress: "127.0.0.1",
          route: "/",
          retries: 0,
        },
      ]);
      expect(exchanges[0]?.peer).toBe(`127.0.0.1:${origin.port}`);
      expect(exchanges[0]?.durationMs).toBeGreaterThan(0);
      expect((await watching.until("state", () => true)).mayWrite).toBe(true);
      expect((await other.until("state", () => true)).mayWrite).toBe(false);
      expect(other.all.some(({ name }) => name === "exchanges")).toBe(false);
      watching.end();
      const told = watching.all.length;
      const ticks = other.all.length;
      await get("/after");
      while (other.all.length < ticks + 4) await Bun.sleep(10);
      expect(watching.all).toHaveLength(told);
    });
  });
});

describe("the state", () => {
  test("tells what failed, and why, in words", async () => {
    const dead = refusingPort();
    await withProxy({ upstreams: [at(dead)] }, async (overviewed) => {
      expect((await fetch(`http://127.0.0.1:${overviewed.port}/x`)).status).toBe(502);
      using watching = new Watching(overviewed, { exchanges: undefined });
      const state = await watching.until("state", ({ failed }) => failed.length > 0);
      expect(state.failed).toMatchObject([{ uri: "/x", status: 502, route: "/", peer: `127.0.0.1:${dead}` }]);
      expect(state.failed[0]?.error).toStartWith("connection_refused: ");
      expect(state.peers[0]).toMatchObject({ requests: 1, failures: 1, p50Ms: null });
      expect(state.peers[0]?.lastError?.reason).toStartWith("connection_refused: ");
      expect(state.routes[0]).toMatchObject({ requests: 1, errors: 1 });
    });
  });

  test("tells what is drained and in maintenance, and what came of reloads", async () => {
    await using origin = RawOrigin.start(OK);
    await withProxy({ upstreams: [at(origin.port)] }, async (overviewed) => {
      const { supervisor, past } = overviewed;
      await supervisor.control({ type: "drain", peer: `127.0.0.1:${origin.port}`, on: true });
      await supervisor.control({ type: "maintenance", on: true, route: "/" });
      past.note(1, undefined);
      past.note(2, "the configuration has errors");
      using watching = new Watching(overviewed, { exchanges: undefined });
      const state = await watching.until("state", () => true);
      expect(state.peers[0]).toMatchObject({ state: "draining" });
      expect(state.maintenance).toEqual({ isOn: false, routes: ["/"] });
      expect(state.reload).toEqual({
        count: 1,
        last: { at: 2, isReloaded: false, reason: "the configuration has errors" },
      });
    });
  });

  test("tells open WebSockets with their rates, and metrics their messages", async () => {
    const origin = Bun.serve<undefined>({
      port: 0,
      fetch: (request, server) => (server.upgrade(request, { data: undefined }) ? undefined : new Response(null)),
      websocket: { message: (socket, message) => void socket.send(message) },
    });
    try {
      await withProxy({ upstreams: [at(origin.port ?? 0)] }, async (overviewed) => {
        const metrics = async (name: string) => sampleIn(await overviewed.overview.metrics("prometheus"), name);
        using watching = new Watching(overviewed, { exchanges: undefined });
        const socket = new WebSocket(`ws://127.0.0.1:${overviewed.port}/chat?room=1`);
        const echoes = Promise.withResolvers<void>();
        let heard = 0;
        socket.onopen = () => {
          for (let i = 0; i < 10; i++) socket.send(String(i));
        };
        socket.onmessage = () => {
          if (++heard === 10) echoes.resolve();
        };
        await echoes.promise;
        const state = await watching.until("state", ({ webSockets }) => webSockets[0]?.messagesSent === 10);
        expect(state.webSockets).toMatchObject([
          { clientAddress: "127.0.0.1", path: "/chat", peer: `127.0.0.1:${origin.port}`, messagesReceived: 10 },
        ]);
        expect(state.webSockets[0]?.messagesPerSecond).toBeGreaterThan(0);
        expect(await metrics("gatekeeper_websockets_open")).toBe(1);
        expect(await metrics("gatekeeper_requests_in_flight")).toBe(0);
        expect(await metrics('gatekeeper_websocket_messages_total{direction="received"}')).toBe(10);
        expect(await metrics('gatekeeper_requests_total{host="_other",route="/",code="101"}')).toBeUndefined();
        await watching.until("tick", ({ messagesReceived }) => messagesReceived > 0);
        // Without a message since it was told last, it has no rate.
        await watching.until("state", ({ webSockets }) => webSockets[0]?.messagesPerSecond === 0);
        socket.close();
        await watching.until("tick", ({ requests }) => requests === 1);
        expect(await metrics("gatekeeper_websockets_open")).toBe(0);
        expect(await metrics('gatekeeper_requests_total{host="_other",route="/",code="101"}')).toBe(1);
        expect(await metrics('gatekeeper_websocket_messages_total{direction="sent"}')).toBe(10);
        expect(await metrics('gatekeeper_request_duration_seconds_count{route="/"}')).toBe(0);
      });
    } finally {
      await origin.stop(true);
    }
  });
});

test("a WebSocket whose client has fallen silent is no failure of anything here", async () => {
  const origin = Bun.serve<undefined>({
    port: 0,
    fetch: (request, server) => (server.upgrade(request, { data: undefined }) ? undefined : new Response(null)),
    websocket: { message() {} },
  });
  try {
    const websocket = { maxMessageBytes: 1_000, deadAfterMs: 400, handshakeTimeoutMs: 1_000 };
    await withProxy({ upstreams: [at(origin.port ?? 0)], proxy: { websocket } }, async (overviewed) => {
      using watching = new Watching(overviewed, { exchanges: undefined });
      using _client = await rawClient(overviewed.port);
      const state = await watching.until("state", ({ routes }) => routes[0]?.requests === 1);
      expect(state.routes[0]?.errors).toBe(0);
      expect(state.failed).toEqual([]);
      expect(state.peers[0]).toMatchObject({ requests: 1, failures: 0 });
      const text = await overviewed.overview.metrics("prometheus");
      expect(sampleIn(text, 'gatekeeper_errors_total{reason="client_gone"}')).toBe(1);
    });
  } finally {
    await origin.stop(true);
  }
});

test("what is open is told by worker", async () => {
  const gate = Promise.withResolvers<void>();
  await using origin = RawOrigin.start(async (exchange) => {
    await gate.promise;
    await exchange.reply(OK);
  });
  await withProxy({ upstreams: [at(origin.port)] }, async ({ port, overview }) => {
    const answer = fetch(`http://127.0.0.1:${port}/`);
    while (origin.exchanges.length === 0) await Bun.sleep(5);
    expect(await overview.connections()).toEqual({
      workers: [{ worker: 1, requests: 1, webSockets: 0 }],
      webSockets: [],
    });
    gate.resolve();
    await (await answer).text();
  });
});
