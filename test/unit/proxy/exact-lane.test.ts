import { describe, expect, test } from "bun:test";
import { ExactLane } from "../../../src/proxy/exact/exact-lane.ts";
import { failureOf } from "../../../src/proxy/failure.ts";
import type { Outgoing } from "../../../src/proxy/lane.ts";
import { Peer, type PeerOptions } from "../../../src/upstream/peer.ts";
import { peerAt } from "../../helpers/engine.ts";
import { type Exchange, RawOrigin } from "../../helpers/raw-origin.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

function laneTo(port: number, options: Partial<PeerOptions> = {}): ExactLane {
  const peer = peerAt(port);
  return new ExactLane(new Peer(peer.address, { ...peer.options, ...options }));
}

function request(target = "/", given: Partial<Outgoing> = {}): Outgoing {
  const signal = new AbortController().signal;
  return { method: "GET", target, headers: new Headers({ Host: "site.test" }), body: undefined, signal, ...given };
}

async function text(lane: ExactLane, outgoing = request()): Promise<string> {
  return Buffer.from(await (await lane.send(outgoing)).bytes()).toString("latin1");
}

/** Answers when it is told to, by target. */
class GatedOrigin {
  readonly origin: RawOrigin;
  readonly #gates = new Map<string, PromiseWithResolvers<void>>();

  constructor() {
    this.origin = RawOrigin.start(async (exchange: Exchange) => {
      await this.#gate(exchange.target).promise;
      await exchange.reply(`HTTP/1.1 200 OK\r\nContent-Length: ${exchange.target.length}\r\n\r\n${exchange.target}`);
    });
  }

  answer(target: string): void {
    this.#gate(target).resolve();
  }

  #gate(target: string): PromiseWithResolvers<void> {
    const gate = this.#gates.get(target) ?? Promise.withResolvers<void>();
    this.#gates.set(target, gate);
    return gate;
  }
}

describe("idle connections", () => {
  test("are taken last in, first out, and there is no limit to those in use", async () => {
    const gated = new GatedOrigin();
    await using origin = gated.origin;
    using lane = laneTo(origin.port, { keepAlive: { idleTimeoutMs: 0, poolSize: 128 } });
    const targets = Array.from({ length: 20 }, (_, n) => `/${n}`);
    const answers = targets.map((target) => text(lane, request(target)));
    await origin.exchange(20);
    expect(origin.connections).toHaveLength(20);
    for (const [n, target] of targets.entries()) {
      gated.answer(target);
      expect(await answers[n]).toBe(target);
    }
    const last = origin.exchanges.find(({ target }) => target === "/19");
    gated.answer("/next");
    expect(await text(lane, request("/next"))).toBe("/next");
    expect((await origin.exchange(21)).connection).toBe((last as Exchange).connection);
  });

  test("are no more than the pool's size", async () => {
    const gated = new GatedOrigin();
    await using origin = gated.origin;
    using lane = laneTo(origin.port, { keepAlive: { idleTimeoutMs: 0, poolSize: 2 } });
    const targets = ["/0", "/1", "/2", "/3"];
    const answers = targets.map((target) => text(lane, request(target)));
    await origin.exchange(4);
    for (const [n, target] of targets.entries()) {
      gated.answer(target);
      await answers[n];
    }
    // Not at once: they might be needed again in a moment. The oldest go.
    const of = (target: string) => origin.exchanges.find((exchange) => exchange.target === target)?.connection;
    await of("/0")?.ended();
    await of("/1")?.ended();
    expect([of("/2")?.ending, of("/3")?.ending]).toEqual([undefined, undefined]);
  });

  test("are closed when they have been idle for so long, the oldest first", async () => {
    await using origin = RawOrigin.start(OK);
    using lane = laneTo(origin.port, { keepAlive: { idleTimeoutMs: 60, poolSize: 128 } });
    await Promise.all([text(lane), text(lane)]);
    expect(origin.connections).toHaveLength(2);
    for (const connection of origin.connections) await connection.ended();
    expect(await text(lane)).toBe("ok");
    expect(origin.connections).toHaveLength(3);
  });

  test.each(["timeout=1", "max=100, Timeout=1", "timeout=0"])(
    "are closed before their peer would, which says %p",
    async (told) => {
      await using origin = RawOrigin.start(OK.replace("\r\n", `\r\nConnection: keep-alive\r\nKeep-Alive: ${told}\r\n`));
      using lane = laneTo(origin.port);
      const began = performance.now();
      await text(lane);
      await origin.connections[0]?.ended();
      // Ended by the peer's own time at the latest, were it not for a busy machine; by the lane's own it would be five minutes.
      expect(performance.now() - began).toBeLessThan(5_000);
      expect(await text(lane)).toBe("ok");
      expect(origin.connections).toHaveLength(2);
    },
  );

  test.each(["timeout=60", "max=5", "timeout=soon", "xtimeout=0", "timeout=1x"])(
    "are kept where it says %p",
    async (told) => {
      await using origin = RawOrigin.start(OK.replace("\r\n", `\r\nKeep-Alive: ${told}\r\n`));
      using lane = laneTo(origin.port);
      for (let i = 0; i < 3; i++) expect(await text(lane)).toBe("ok");
      expect(origin.connections).toHaveLength(1);
    },
  );

  test("that are too old when the sweep is late are not taken", async () => {
    await using origin = RawOrigin.start(OK.replace("\r\n", "\r\nKeep-Alive: timeout=1\r\n"));
    using lane = laneTo(origin.port);
    await Promise.all([text(lane), text(lane)]);
    expect(origin.connections).toHaveLength(2);
    // No timer comes meanwhile.
    Bun.sleepSync(600);
    expect(await text(lane)).toBe("ok");
    expect(origin.connections).toHaveLength(3);
    for (const connection of origin.connections.slice(0, 2)) await connection.ended();
  });

  test("on which something comes that nobody asked for are closed", async () => {
    await using origin = RawOrigin.start(OK);
    using lane = laneTo(origin.port);
    expect(await text(lane)).toBe("ok");
    const [connection] = origin.connections;
    connection?.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL");
    await connection?.ended();
    expect(await text(lane)).toBe("ok");
    expect(origin.connections).toHaveLength(2);
  });

  test("are closed with their lane, and one in use after its answer", async () => {
    const gated = new GatedOrigin();
    await using origin = gated.origin;
    const lane = laneTo(origin.port);
    gated.answer("/a");
    expect(await text(lane, request("/a"))).toBe("/a");
    const [first, second] = [text(lane, request("/b")), text(lane, request("/c"))];
    await origin.exchange(3);
    gated.answer("/c");
    expect(await second).toBe("/c");
    lane[Symbol.dispose]();
    await (await origin.exchange(3)).connection.ended();
    gated.answer("/b");
    expect(await first).toBe("/b");
    await (await origin.exchange(2)).connection.ended();
  });
});

describe("an attempt is ended", () => {
  test("by its client while it waits", async () => {
    await using origin = RawOrigin.start(() => {});
    using lane = laneTo(origin.port);
    const controller = new AbortController();
    const failure = lane.send(request("/", { signal: controller.signal })).catch((error: unknown) => error);
    const { connection } = await origin.exchange();
    controller.abort();
    expect(failureOf(await failure, controller.signal).kind).toBe("client_gone");
    await connection.ended();
  });

  test("by its client while it connects", async () => {
    await using origin = RawOrigin.start(OK);
    using lane = laneTo(origin.port);
    const controller = new AbortController();
    const failure = lane.send(request("/", { signal: controller.signal })).catch((error: unknown) => error);
    controller.abort();
    const outcome = await failure;
    // It may have been answered before anyone looked.
    if (outcome instanceof Error) expect(failureOf(outcome, controller.signal).kind).toBe("client_gone");
    expect(await text(lane)).toBe("ok");
  });

  test("when there is no connection in time, its TLS handshake included", async () => {
    const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const { options } = peerAt(silent.port);
    const timeouts = { ...options.timeouts, dialMs: 50 };
    using lane = new ExactLane(
      new Peer({ type: "tcp", host: "127.0.0.1", port: silent.port, tls: true }, { ...options, timeouts }),
    );
    const failure = failureOf(await lane.send(request()).catch((error: unknown) => error));
    expect([failure.kind, failure.nothingSent]).toEqual(["connection_timeout", true]);
    silent.stop(true);
  });
});
