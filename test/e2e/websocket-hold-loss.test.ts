import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join as joinPath } from "node:path";
import type { ReverseProxyConfig } from "../../src/config/model.ts";
import { configWith, type ProxyUnderTest, startProxy } from "../helpers/proxy.ts";
import { until } from "../helpers/streams.ts";
import { closePayload, Op, type OriginSocket, RawOrigin, rawClient, type RawSocket } from "../helpers/ws-raw.ts";

setDefaultTimeout(20_000);

const HOLD = { hold: { limitMs: 10_000, intervalMs: 10 } };
const KIB = 1024;
const MIB = 1024 * KIB;
const text = async (socket: RawSocket): Promise<string> => String((await socket.frame()).payload);

async function join(more: Partial<ReverseProxyConfig> = {}) {
  await using stack = new AsyncDisposableStack();
  const origin = stack.use(await RawOrigin.start());
  const proxy = stack.use(await startProxy(origin.port, { proxy: { ...HOLD, ...more } }));
  const client = stack.use(await rawClient(proxy.port));
  const upstream = await origin.next();
  upstream.accept();
  await client.head();
  const owned = stack.move();
  return { proxy, origin, client, upstream, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const isHeld = (proxy: ProxyUnderTest): boolean =>
  proxy.log.lines.some(({ message }) => message.startsWith("a WebSocket is held"));

/** Resolves when the system takes no more of what a client sends: the proxy does not read it. */
async function stalled({ socket }: RawSocket): Promise<void> {
  let last = -1;
  for (let still = 0; still < 1_000; still++) {
    await new Promise(setImmediate);
    if (socket.bytesWritten - socket.writableLength !== last) still = 0;
    last = socket.bytesWritten - socket.writableLength;
  }
}

/** An echo server in another process. */
class Echo implements AsyncDisposable {
  readonly #child: Bun.Subprocess<"ignore", "pipe", "inherit">;
  port = 0;

  constructor(port: number) {
    const script = joinPath(import.meta.dir, "../helpers/ws-echo.ts");
    this.#child = Bun.spawn([process.execPath, script, String(port)], {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
  }

  static async start(port = 0): Promise<Echo> {
    const echo = new Echo(port);
    for await (const line of echo.#child.stdout) {
      echo.port = Number(new TextDecoder().decode(line));
      break;
    }
    return echo;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }
}

test("a stream of numbers goes on over a killed server: in order, none twice, and all of those sent while it was away", async () => {
  const first = await Echo.start();
  await using proxy = await startProxy(first.port, { proxy: HOLD });
  using client = await rawClient(proxy.port);
  await client.head();
  const got: number[] = [];
  const reading = (async () => {
    while (got.at(-1) !== 2_999) got.push(Number(await text(client)));
  })();
  const send = (from: number, to: number): void => {
    for (let i = from; i < to; i++) client.send(Op.text, String(i));
  };
  send(0, 500);
  await until(() => got.length === 500, "the first echoes");
  // Some of these are lost with the server, which has them.
  send(500, 1_000);
  await first[Symbol.asyncDispose]();
  await until(() => isHeld(proxy), "the hold");
  send(1_000, 2_000);
  await using _ = await Echo.start(first.port);
  send(2_000, 3_000);
  await reading;
  expect(got).toEqual([...new Set(got)].toSorted((a, b) => a - b));
  expect(got.slice(0, 500)).toEqual(Array.from({ length: 500 }, (_, i) => i));
  expect(got.filter((i) => i >= 1_000)).toEqual(Array.from({ length: 2_000 }, (_, i) => i + 1_000));
});

describe.each([
  ["1006", (upstream: OriginSocket) => upstream.socket.resetAndDestroy()],
  ["1012", (upstream: OriginSocket) => upstream.send(Op.close, closePayload(1012))],
] as const)("when an upstream goes with %s", (_code, leave) => {
  test("what its connection had taken nothing of goes to the next, without a gap", async () => {
    await using all = await join();
    all.upstream.socket.pause();
    const COUNT = 400;
    const pad = "x".repeat(50 * KIB);
    for (let i = 0; i < COUNT; i++) {
      all.client.send(Op.text, `${i} ${pad}`);
      if (i % 10 === 0) all.client.send(Op.ping, "of the old one");
    }
    await stalled(all.client);
    const before = all.client.socket.writableLength;
    expect(before).toBeGreaterThan(0);
    // What the proxy has written lies in the system's buffers: the old one's from here on, read or not.
    leave(all.upstream);
    const next = await all.origin.next();
    next.accept();
    const got: number[] = [];
    while (got.at(-1) !== COUNT - 1) {
      const frame = await next.frame();
      if (frame.opcode === Op.text) got.push(Number(String(frame.payload).split(" ")[0]));
    }
    const [from = -1] = got;
    expect(got).toEqual(Array.from({ length: COUNT - from }, (_, i) => from + i));
    // The old one is read to its end only now: not one message is there twice, and the one between them is all that lacks.
    if (_code === "1006") return;
    all.upstream.socket.resume();
    let last = -1;
    try {
      for (;;) {
        const frame = await all.upstream.frame();
        if (frame.opcode === Op.text) last = Number(String(frame.payload).split(" ")[0]);
      }
    } catch {
      // Its end.
    }
    expect(from - last === 1 || from - last === 2).toBe(true);
  });

  test("part of a message from it is not delivered, and one of the client's that was under way arrives whole", async () => {
    await using all = await join();
    all.client.send(Op.text, "begin, ", { final: false });
    all.upstream.send(Op.text, "whole");
    if (_code === "1006") all.upstream.send(Op.text, "a part that has no ", { final: false });
    expect(await text(all.client)).toBe("whole");
    leave(all.upstream);
    await until(() => isHeld(all.proxy), "the hold");
    all.client.send(Op.continuation, "middle, ", { final: false });
    const next = await all.origin.next();
    next.accept();
    all.client.send(Op.continuation, "end");
    expect(await text(next)).toBe("begin, middle, end");
    next.send(Op.text, "new");
    expect(await text(all.client)).toBe("new");
  });

  test("what it sent to a slow client arrives before what the next one sends", async () => {
    await using all = await join();
    all.client.socket.pause();
    const COUNT = 12;
    const message = Buffer.alloc(MIB);
    for (let i = 0; i < COUNT; i++) {
      message.writeUInt32BE(i);
      all.upstream.send(Op.binary, message);
    }
    // A reset would take back what the proxy has not read yet; this comes behind it.
    if (_code === "1006") all.upstream.socket.end();
    else leave(all.upstream);
    setTimeout(() => all.client.socket.resume(), 50);
    const next = await all.origin.next();
    next.accept();
    next.send(Op.text, "new");
    for (let i = 0; i < COUNT; i++) expect((await all.client.frame()).payload.readUInt32BE()).toBe(i);
    expect(await text(all.client)).toBe("new");
  });
});

describe("while a WebSocket is held", () => {
  test("empty messages are bounded too, and none is lost", async () => {
    await using all = await join();
    all.upstream.socket.resetAndDestroy();
    const next = await all.origin.next();
    const COUNT = 2_000_000;
    const many = Buffer.concat(Array.from({ length: 1_000 }, () => Buffer.from([0x82, 0x80, 1, 2, 3, 4])));
    for (let i = 0; i < COUNT; i += 1_000) all.client.socket.write(many);
    await stalled(all.client);
    expect(all.client.socket.writableLength).toBeGreaterThan(0);
    const whole = COUNT * 6;
    next.accept();
    await until(() => next.received >= whole, "all of them", 15_000);
    expect(next.received).toBe(whole);
  });

  test("the client's pings are answered", async () => {
    await using all = await join();
    all.upstream.socket.resetAndDestroy();
    const next = await all.origin.next();
    all.client.send(Op.ping, "there?");
    const pong = await all.client.frame();
    expect([pong.opcode, String(pong.payload)]).toEqual([Op.pong, "there?"]);
    next.accept();
    all.client.send(Op.text, "on");
    // The ping was not for the new one.
    expect(await text(next)).toBe("on");
  });

  test("its own close ends it at once", async () => {
    await using all = await join();
    all.upstream.socket.resetAndDestroy();
    await all.origin.next();
    all.client.send(Op.close, closePayload(1000, "enough"));
    expect((await all.client.frame()).payload.readUInt16BE()).toBe(1000);
    await until(() => all.proxy.worker.open === 0, "the end");
  });

  test("a reload that takes its route away ends it with 1001", async () => {
    await using all = await join({ streamCloseDelayMs: 0 });
    all.upstream.socket.resetAndDestroy();
    await all.origin.next();
    await all.proxy.worker.reload(configWith({ upstreams: [], routes: [] }));
    expect((await all.client.frame()).payload.readUInt16BE()).toBe(1001);
    await until(() => all.proxy.worker.open === 0, "the end");
  });
});

test("an upstream that shows no sign of life is taken for gone", async () => {
  await using all = await join({
    websocket: { maxMessageBytes: MIB, deadAfterMs: 500, handshakeTimeoutMs: 30_000 },
  });
  // The raw origin answers no ping.
  const answering = (async () => {
    for (;;) {
      const frame = await all.client.frame();
      if (frame.opcode === Op.ping) all.client.send(Op.pong, frame.payload);
      else return String(frame.payload);
    }
  })();
  const next = await all.origin.next();
  next.accept();
  next.send(Op.text, "alive");
  expect(await answering).toBe("alive");
});
