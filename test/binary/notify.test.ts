import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { ptr } from "bun:ffi";
import { appendFileSync, readFileSync } from "node:fs";
import { openLibc } from "../../src/core/libc.ts";
import { type BinaryRun, listeningAt, startBinary } from "../helpers/binary.ts";
import { daemonSetting, type DaemonSetting } from "../helpers/daemon.ts";
import { NotifyReceiver } from "../helpers/notify-receiver.ts";

// The executable is built first.
setDefaultTimeout(60_000);

const WATCHDOG_MS = 400;

interface Service extends AsyncDisposable {
  readonly setting: DaemonSetting;
  readonly receiver: NotifyReceiver;
  readonly run: BinaryRun;
  readonly env: Readonly<Record<string, string>>;
}

async function startService(threads: number, abstract = false): Promise<Service> {
  await using stack = new AsyncDisposableStack();
  const setting = stack.use(daemonSetting());
  const name = abstract ? `@gatekeeper-test-${crypto.randomUUID()}` : setting.path("n.sock");
  const receiver = stack.use(new NotifyReceiver(name));
  setting.configure(["bind: 127.0.0.1:0", "upstream: 127.0.0.1:9", "error_log: ~", `threads: ${threads}`]);
  const env = {
    RUNTIME_DIRECTORY: setting.path("run"),
    NOTIFY_SOCKET: name,
    WATCHDOG_USEC: String(WATCHDOG_MS * 1000),
  };
  const run = stack.use(await startBinary(["-c", setting.path("conf.yaml")], { env }));
  const owned = stack.move();
  return { setting, receiver, run, env, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
}

/** By CLOCK_MONOTONIC, which is one for all processes. */
function monotonicMicroseconds(): number {
  const time = new BigInt64Array(2);
  openLibc({ clock_gettime: { args: ["i32", "ptr"], returns: "i32" } })?.clock_gettime(1, ptr(time));
  const [seconds = 0n, nanoseconds = 0n] = time;
  return Number(seconds * 1_000_000n + nanoseconds / 1_000n);
}

describe.each([1, 2])("what a service manager is told, threads: %d", (threads) => {
  test("a start, reloads, signs of life, a drain", async () => {
    await using service = await startService(threads, threads === 2);
    const { receiver, run, setting } = service;
    const ready = await receiver.next();
    const { port } = await listeningAt(run);
    const status = `serving on http://127.0.0.1:${port}${threads === 1 ? "" : " with 2 workers"}`;
    expect(ready).toEqual({ READY: "1", STATUS: status });
    for (const _ of [1, 2, 3]) await receiver.sign();

    const before = monotonicMicroseconds();
    run.signal("SIGHUP");
    const { MONOTONIC_USEC: time, ...reloading } = await receiver.next();
    expect(reloading).toEqual({ RELOADING: "1", STATUS: "reloading" });
    expect(Number(time)).toBeGreaterThanOrEqual(before);
    expect(Number(time)).toBeLessThanOrEqual(monotonicMicroseconds());
    expect(await receiver.next()).toEqual({ READY: "1", STATUS: status });

    appendFileSync(setting.path("conf.yaml"), "threds: 2\n");
    expect((await setting.command("reload")).code).toBe(1);
    expect(await receiver.next()).toMatchObject({ RELOADING: "1" });
    const failed = await receiver.next();
    expect(failed["READY"]).toBe("1");
    expect(failed["STATUS"]).toBe(
      `${status}; the last reload failed, the old configuration stays: the configuration has errors`,
    );
    await receiver.sign();

    run.signal("SIGTERM");
    expect(await receiver.next()).toEqual({
      STOPPING: "1",
      // The grace period, and what closing by force may take.
      EXTEND_TIMEOUT_USEC: "35500000",
      STATUS: "stopping, 0 open",
    });
    expect((await run.exited()).code).toBe(0);
    receiver.take();
    expect(receiver.messages.filter((message) => message["WATCHDOG"] === undefined)).toEqual([]);
  });

  test("the process that takes over is the service, and the one that goes says no more", async () => {
    await using service = await startService(threads);
    const { receiver, run, setting, env } = service;
    await receiver.next();
    await listeningAt(run);
    // Told by the old one whom to speak to, as where an administrator starts it.
    const own = { RUNTIME_DIRECTORY: env["RUNTIME_DIRECTORY"] ?? "" };
    await using next = await startBinary(["-u", "-c", setting.path("conf.yaml")], { env: own });
    expect(await receiver.next()).toEqual({ MAINPID: String(next.pid) });
    expect(await receiver.next()).toMatchObject({ MAINPID: String(next.pid), READY: "1" });
    await run.exited();
    receiver.take();
    receiver.messages.length = 0;
    await receiver.sign();
    expect(receiver.messages.filter((message) => message["WATCHDOG"] === undefined)).toEqual([]);
    next.signal("SIGINT");
    expect(await receiver.next()).toMatchObject({ STOPPING: "1" });
  });
});

describe("the service manager", () => {
  test("is no business of workers, and hears nothing while none of them answers", async () => {
    await using service = await startService(2);
    const { receiver, run } = service;
    await receiver.next();
    const workers = childrenOf(run.pid);
    expect(workers).toHaveLength(2);
    for (const pid of workers) {
      expect(readFileSync(`/proc/${pid}/environ`, "latin1")).not.toMatch(/NOTIFY_SOCKET|WATCHDOG/);
    }
    const [first = 0] = workers;
    process.kill(first, "SIGSTOP");
    receiver.take();
    receiver.messages.length = 0;
    for (const _ of [1, 2, 3]) await receiver.sign();
    for (const pid of workers) process.kill(pid, "SIGSTOP");
    // One may be on its way.
    await Bun.sleep(WATCHDOG_MS);
    receiver.take();
    receiver.messages.length = 0;
    await Bun.sleep(3 * WATCHDOG_MS);
    receiver.take();
    expect(receiver.messages).toEqual([]);
    for (const pid of workers) process.kill(pid, "SIGCONT");
    await receiver.sign();
  });

  test.each(["/nowhere/n.sock", "vsock:2:1234", "", "@nobody-listens-here"])(
    "that is not there, or that nobody can speak to, makes nothing fail: %j",
    async (name) => {
      const words = ["--bind", "127.0.0.1:0", "--upstream", "127.0.0.1:9"];
      const env = { NOTIFY_SOCKET: name, WATCHDOG_USEC: "100000" };
      await using run = await startBinary(words, { env });
      const { port } = await listeningAt(run);
      expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(502);
      run.signal("SIGTERM");
      expect((await run.exited()).code).toBe(0);
    },
  );

  test("whose watchdog is meant for another process gets no signs of life", async () => {
    await using setting = daemonSetting();
    using receiver = new NotifyReceiver(setting.path("n.sock"));
    const words = ["--bind", "127.0.0.1:0", "--upstream", "127.0.0.1:9"];
    const env = { NOTIFY_SOCKET: receiver.name, WATCHDOG_USEC: "100000", WATCHDOG_PID: "1" };
    await using run = await startBinary(words, { env });
    expect(await receiver.next()).toMatchObject({ READY: "1" });
    run.signal("SIGINT");
    expect(await receiver.next()).toMatchObject({ STOPPING: "1" });
    await run.exited();
    receiver.take();
    expect(receiver.messages).toEqual([]);
  });
});
