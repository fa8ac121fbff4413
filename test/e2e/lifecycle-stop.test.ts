import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { type BinaryRun, listeningAt, startBinary, temporaryFolder } from "../helpers/binary.ts";
import { LANES, requestText } from "../helpers/lanes.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";

// Each wait has a deadline of its own; this is for a test that hangs. Five seconds, the default, are too few here.
setDefaultTimeout(30_000);

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
const [{ fields }] = LANES;
/** Far below each time that a stop could wait out, and as far above what it takes on a busy machine. */
const AT_ONCE_MS = 5_000;

interface Running extends AsyncDisposable {
  readonly run: BinaryRun;
  readonly port: number;
}

/** The executable with a grace period and a time for closing by force, both in seconds. */
async function start(upstream: number, graceSeconds: number, closingSeconds = 1): Promise<Running> {
  using folder = temporaryFolder();
  const file = `${folder.path}/conf.yaml`;
  const times = `grace_period_seconds: ${graceSeconds}\ngraceful_shutdown_timeout_seconds: ${closingSeconds}\n`;
  await Bun.write(file, `version: 1\n${times}`);
  const run = await startBinary(["-c", file, "--bind", "127.0.0.1:0", "--upstream", `127.0.0.1:${upstream}`]);
  const { port } = await listeningAt(run);
  return { run, port, [Symbol.asyncDispose]: () => run[Symbol.asyncDispose]() };
}

/** Asks until a connection is refused. */
async function untilRefused(port: number): Promise<void> {
  for (;;) {
    try {
      using client = await RawClient.connect(port);
      await client.until(() => client.ending !== undefined, "a refusal", 50).catch(() => {});
    } catch {
      return;
    }
  }
}

async function timed(run: BinaryRun): Promise<{ code: number; ms: number }> {
  const began = performance.now();
  const { code } = await run.exited();
  return { code, ms: performance.now() - began };
}

describe.concurrent("SIGINT", () => {
  test.concurrent("stops at once with exit code 0, whatever is in flight", async () => {
    await using origin = RawOrigin.start(({ connection, target }) => {
      if (target === "/stream") connection.send(CHUNKED);
    });
    await using running = await start(origin.port, 30, 20);
    const { run, port } = running;
    await using silent = await RawClient.connect(port);
    await using streamed = await RawClient.connect(port);
    silent.send(requestText("GET", "/silent", fields));
    streamed.send(requestText("GET", "/stream", fields));
    await streamed.until(() => streamed.unread.includes("hello"), "the stream");
    await origin.exchange(2);
    run.signal("SIGINT");
    const { code, ms } = await timed(run);
    expect(code).toBe(0);
    expect(ms).toBeLessThan(AT_ONCE_MS);
    expect(streamed.unread.includes("0\r\n\r\n")).toBe(false);
    await silent.ended();
    await streamed.ended();
  });

  test.concurrent("stops when nothing is in flight, with idle connections open", async () => {
    await using origin = RawOrigin.start(OK);
    await using running = await start(origin.port, 30, 20);
    const { run, port } = running;
    await using idle = await RawClient.connect(port);
    expect((await idle.request("GET", "/", fields)).status).toBe(200);
    run.signal("SIGINT");
    const { code, ms } = await timed(run);
    expect(code).toBe(0);
    expect(ms).toBeLessThan(AT_ONCE_MS);
  });
});

describe.concurrent("SIGTERM", () => {
  test.concurrent("takes no new connections, lets requests finish, and exits 0 as soon as all is over", async () => {
    await using origin = RawOrigin.start(({ connection, target }) => {
      if (target === "/stream") connection.send(CHUNKED);
      if (target === "/quick") connection.send(OK);
    });
    await using running = await start(origin.port, 30);
    const { run, port } = running;
    await using idle = await RawClient.connect(port);
    expect((await idle.request("GET", "/quick", fields)).status).toBe(200);
    await using late = await RawClient.connect(port);
    await using streamed = await RawClient.connect(port);
    late.send(requestText("GET", "/late", fields));
    const waiting = await origin.exchange(2);
    streamed.send(requestText("GET", "/stream", fields));
    await streamed.until(() => streamed.unread.includes("hello"), "the stream");
    run.signal("SIGTERM");
    await run.seen(/draining/);
    await untilRefused(port);
    waiting.connection.send(OK);
    expect((await late.answer()).body.toString()).toBe("ok");
    const { connection } = await origin.exchange(3);
    connection.send("5\r\nworld\r\n0\r\n\r\n");
    expect((await streamed.answer()).body.toString()).toBe("helloworld");
    const { code, ms } = await timed(run);
    expect(code).toBe(0);
    expect(ms).toBeLessThan(AT_ONCE_MS);
    await idle.ended();
  });

  test.concurrent("exits 0 at once when nothing is in flight, idle connections or not", async () => {
    await using origin = RawOrigin.start(OK);
    await using running = await start(origin.port, 30);
    const { run, port } = running;
    await using used = await RawClient.connect(port);
    // The kernel keeps one that never sent anything from Bun (TCP_DEFER_ACCEPT), and tells it nothing of the end.
    await using _unused = await RawClient.connect(port);
    expect((await used.request("GET", "/", fields)).status).toBe(200);
    run.signal("SIGTERM");
    const { code, ms } = await timed(run);
    expect(code).toBe(0);
    expect(ms).toBeLessThan(AT_ONCE_MS);
    await used.ended();
  });

  test.concurrent(
    "ends by force with exit code 1 after the grace period: a silent upstream cannot hold it",
    async () => {
      await using origin = RawOrigin.start(() => {});
      await using running = await start(origin.port, 1);
      const { run, port } = running;
      await using client = await RawClient.connect(port);
      client.send(requestText("GET", "/", fields));
      const { connection } = await origin.exchange();
      run.signal("SIGTERM");
      const { code, ms } = await timed(run);
      expect(code).toBe(1);
      expect(ms).toBeGreaterThan(900);
      expect(ms).toBeLessThan(AT_ONCE_MS + 2_000);
      await client.ended();
      await connection.ended();
    },
  );

  test.concurrent("nor can a client that never reads", async () => {
    const head = "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n";
    await using origin = RawOrigin.start(({ connection }) => {
      connection.send(head);
      connection.send(Buffer.alloc(100_000_000));
    });
    await using running = await start(origin.port, 1);
    const { run, port } = running;
    await using client = await RawClient.connect(port);
    client.pause();
    client.send(requestText("GET", "/", fields));
    await origin.exchange();
    run.signal("SIGTERM");
    const { code, ms } = await timed(run);
    expect(code).toBe(1);
    expect(ms).toBeLessThan(AT_ONCE_MS + 2_000);
  });

  test.concurrent("a second one ends the drain at once", async () => {
    await using origin = RawOrigin.start(() => {});
    await using running = await start(origin.port, 30, 20);
    const { run, port } = running;
    await using client = await RawClient.connect(port);
    client.send(requestText("GET", "/", fields));
    await origin.exchange();
    run.signal("SIGTERM");
    await run.seen(/draining/);
    run.signal("SIGTERM");
    const { code, ms } = await timed(run);
    expect(code).toBe(1);
    expect(ms).toBeLessThan(AT_ONCE_MS);
  });
});
