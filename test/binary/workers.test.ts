import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type BinaryRun,
  faultyBinaryPath,
  listeningAt,
  runBinary,
  startBinary,
  temporaryFolder,
} from "../helpers/binary.ts";
import { LANES, requestText } from "../helpers/lanes.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";
import { until } from "../helpers/streams.ts";
import { bestOf } from "../helpers/best-of.ts";

// The executable is built first.
setDefaultTimeout(30_000);

const [{ fields }] = LANES;
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
/** A worker that ended is replaced within this. */
const REPLACED_MS = 200;
/** An end that waits for something it should not wait for takes longer: for ever, or the grace period of 30 s. */
const AT_ONCE_MS = 6_000;

interface Status {
  readonly urls: readonly string[];
  readonly workers: readonly WorkerStatus[];
}

interface WorkerStatus {
  readonly worker: number;
  readonly pid?: number;
  readonly isServing: boolean;
  readonly restarts: number;
}

/** The executable with several workers and bugs on demand. */
interface Setting extends AsyncDisposable {
  readonly run: BinaryRun;
  readonly port: number;
  readonly folder: string;
  write(lines: readonly string[]): void;
  status(): Promise<Status>;
  workers(): Promise<readonly WorkerStatus[]>;
  /** Has worker n crash, hang, ... */
  fault(name: string): void;
}

interface Wanted {
  readonly threads?: number;
  readonly lines?: readonly string[];
  /** Whether it listens on a port that the system chooses. Default true. */
  readonly bind?: boolean;
}

/** @param upstream the port of one on 127.0.0.1; undefined where the lines say it */
async function start(
  upstream: number | undefined,
  { threads = 2, lines = [], bind = true }: Wanted = {},
): Promise<Setting> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(temporaryFolder()).path;
  const file = join(folder, "conf.yaml");
  const write = (all: readonly string[]): void => writeFileSync(file, `${all.join("\n")}\n`);
  const address = bind ? ["bind: 127.0.0.1:0"] : [];
  write([
    ...address,
    ...(upstream === undefined ? [] : [`upstream: 127.0.0.1:${upstream}`]),
    `threads: ${threads}`,
    ...lines,
  ]);
  const env = { RUNTIME_DIRECTORY: join(folder, "run"), GATEKEEPER_FAULTS_FOLDER: folder };
  const run = stack.use(await startBinary(["-c", file], { env, binary: await faultyBinaryPath() }));
  const { port } = await listeningAt(run);
  const owned = stack.move();
  const unix = join(folder, "run", `${run.pid}.sock`);
  const status = async (): Promise<Status> => {
    const answer = await fetch("http://gatekeeper/", { unix, proxy: false });
    return (await answer.json()) as Status;
  };
  return {
    run,
    port,
    folder,
    write,
    status,
    workers: async () => (await status()).workers,
    fault: (name) => writeFileSync(join(folder, name), ""),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function isRunning(pid: number): boolean {
  try {
    // A process that has ended stays as a zombie until its parent has taken notice.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function pidsOf(setting: Setting): Promise<readonly number[]> {
  return (await setting.workers()).flatMap(({ pid }) => pid ?? []);
}

async function ask(port: number): Promise<string> {
  await using client = await RawClient.connect(port);
  return (await client.request("GET", "/", fields)).body.toString();
}

beforeAll(async () => void (await faultyBinaryPath()));

/** How many open connections to a port a process has. */
function connectionsOf(pid: number, port: number): number {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = readFileSync("/proc/net/tcp", "utf8").split("\n").slice(1);
  const open = rows.flatMap((row) => {
    const [, local, , state, , , , , , inode] = row.trim().split(/\s+/);
    return local?.endsWith(wanted) === true && state === ESTABLISHED ? [`socket:[${inode}]`] : [];
  });
  const inodes = new Set(open);
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).filter((fd) => inodes.has(linkOf(join(folder, fd)))).length;
}

/** As /proc/net/tcp has it (Linux, include/net/tcp_states.h). */
const ESTABLISHED = "01";

/** "" for one that was closed meanwhile. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

/** Waits until another process stands in the place of a worker, and says how long that took. */
async function replaced(setting: Setting, worker: number, old: number): Promise<number> {
  const began = performance.now();
  for (;;) {
    const now = (await setting.workers()).find((each) => each.worker === worker);
    const ms = performance.now() - began;
    if (now?.isServing === true && now.pid !== old) return ms;
    if (ms > 10_000) throw new Error(`worker ${worker} was not replaced\n${setting.run.stderr()}`);
    await Bun.sleep(5);
  }
}

/** Ends a worker once more, and says how long it took from its end until another one was there. */
async function replacedAfter(setting: Setting, worker: number, end: (pid: number) => void): Promise<number> {
  const old = (await setting.workers()).find((each) => each.worker === worker)?.pid ?? 0;
  end(old);
  await until(() => !isRunning(old), "the end of the worker");
  return await replaced(setting, worker, old);
}

describe("several workers", () => {
  test.each([2, 4])("%i share the port: each gets connections, and none more than twice the mean", async (threads) => {
    await using origin = RawOrigin.start(OK);
    await using setting = await start(origin.port, { threads });
    await using clients = new AsyncDisposableStack();
    for (let count = 0; count < 200; count++) {
      const client = clients.use(await RawClient.connect(setting.port));
      expect((await client.request("GET", "/", fields)).status).toBe(200);
    }
    const counts = (await pidsOf(setting)).map((pid) => connectionsOf(pid, setting.port));
    expect(counts).toHaveLength(threads);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(200);
    expect(Math.max(...counts)).toBeLessThanOrEqual((2 * 200) / threads);
    expect(Math.min(...counts)).toBeGreaterThan(0);
  });

  test("write one access log, each line whole, and open it anew on SIGUSR2", async () => {
    await using origin = RawOrigin.start(OK);
    using folder = temporaryFolder();
    const file = join(folder.path, "access.log");
    const lines = (text: string) => text.split("\n").slice(0, -1);
    const route = `  - { access_log: ${file}, upstreams: "127.0.0.1:${origin.port}" }`;
    await using setting = await start(undefined, { lines: ["routes:", route] });
    const many = async (): Promise<void> => {
      await using clients = new AsyncDisposableStack();
      const all = await Promise.all(Array.from({ length: 40 }, () => RawClient.connect(setting.port)));
      for (const client of all) clients.use(client);
      for (let round = 0; round < 5; round++) {
        await Promise.all(all.map((client) => client.request("GET", `/${"x".repeat(1_000)}`, fields)));
      }
    };
    await many();
    await until(() => existsSync(file) && lines(readFileSync(file, "utf8")).length === 200, "200 lines");
    for (const line of lines(readFileSync(file, "utf8"))) expect(JSON.parse(line).status).toBe(200);
    renameSync(file, `${file}.1`);
    setting.run.signal("SIGUSR2");
    await setting.run.seen(/logs are opened anew/);
    await many();
    await until(() => existsSync(file) && lines(readFileSync(file, "utf8")).length === 200, "200 lines more");
    expect(lines(readFileSync(`${file}.1`, "utf8"))).toHaveLength(200);
  });

  test("roll one access log of every request, and lose no line", async () => {
    await using origin = RawOrigin.start(OK);
    using folder = temporaryFolder();
    const file = join(folder.path, "access.log");
    const log = `access_log: { output: ${file}, format: combined, roll_size: 20KB, roll_keep: 0, roll_compress: false }`;
    const requests = 1500;
    {
      await using setting = await start(origin.port, { threads: 3, lines: [log] });
      await using clients = new AsyncDisposableStack();
      const all = await Promise.all(Array.from({ length: 30 }, () => RawClient.connect(setting.port)));
      for (const client of all) clients.use(client);
      for (let round = 0; round < requests / all.length; round++) {
        await Promise.all(all.map((client, i) => client.request("GET", `/${round}.${i}`, fields)));
      }
      setting.run.signal("SIGTERM");
      expect((await setting.run.exited()).code).toBe(0);
    }
    const files = readdirSync(folder.path);
    expect(files.length).toBeGreaterThan(2);
    const seen = files.flatMap((name) => readFileSync(join(folder.path, name), "utf8").split("\n").slice(0, -1));
    const targets = seen.map(
      (line) => /^127\.0\.0\.1 - - \[[^\]]+\] "GET (\S+) HTTP\/1\.1" 200 \d+ "-" "test"$/.exec(line)?.[1],
    );
    expect(new Set(targets).size).toBe(requests);
    expect(targets).toHaveLength(requests);
  });

  test("write lines of access on standard output whole, however long they are", async () => {
    await using origin = RawOrigin.start(OK);
    const route = `  - { access_log: stdout, upstreams: "127.0.0.1:${origin.port}" }`;
    await using setting = await start(undefined, { lines: ["routes:", route] });
    await using clients = new AsyncDisposableStack();
    const all = await Promise.all(Array.from({ length: 20 }, () => RawClient.connect(setting.port)));
    for (const client of all) clients.use(client);
    // Longer than what a pipe takes from one writer without another's coming between.
    const long = [...fields, `X-Long: ${"x".repeat(6_000)}`];
    for (let round = 0; round < 5; round++) {
      await Promise.all(all.map((client) => client.request("GET", "/", long)));
    }
    const lines = (): readonly string[] => setting.run.stdout().split("\n").slice(0, -1);
    await until(() => lines().length === 100, "100 lines");
    for (const line of lines()) expect(JSON.parse(line).status).toBe(200);
  });

  test("take up a reload all together, and none of them one that cannot be", async () => {
    await using a = RawOrigin.start(OK);
    await using b = RawOrigin.start("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb");
    using taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    await using setting = await start(a.port);
    const answers = async (): Promise<ReadonlySet<string>> => {
      const all = await Promise.all(Array.from({ length: 24 }, () => ask(setting.port)));
      return new Set(all);
    };
    const bind = (more: string) => `bind: [ 127.0.0.1:0${more} ]`;
    setting.write([bind(`, 127.0.0.1:${taken.port}`), `upstream: 127.0.0.1:${b.port}`, "threads: 2"]);
    setting.run.signal("SIGHUP");
    await setting.run.seen(/reload failed, the old configuration stays/);
    expect(await answers()).toEqual(new Set(["ok"]));
    // A further port that the system chooses: the workers share it, too.
    setting.write([bind(", 127.0.0.1:0"), `upstream: 127.0.0.1:${b.port}`, "threads: 2"]);
    setting.run.signal("SIGHUP");
    await setting.run.seen(/"configuration reloaded"/);
    expect(await answers()).toEqual(new Set(["b"]));
    const [, second] = (await setting.status()).urls;
    const port = Number(second?.split(":").at(-1));
    expect(new Set(await Promise.all(Array.from({ length: 24 }, () => ask(port))))).toEqual(new Set(["b"]));
  });

  test("leave a unix socket to the first of them, and to the one that takes its place", async () => {
    await using origin = RawOrigin.start(OK);
    using folder = temporaryFolder();
    const unix = join(folder.path, "x.sock");
    const lines = [`bind: [ 127.0.0.1:0, unix/${unix} ]`, `upstream: 127.0.0.1:${origin.port}`];
    await using setting = await start(undefined, { lines, bind: false });
    const get = async () => await (await fetch("http://x/", { unix, proxy: false })).text();
    expect(await get()).toBe("ok");
    const [first] = await pidsOf(setting);
    process.kill(first ?? 0, "SIGKILL");
    await replaced(setting, 1, first ?? 0);
    expect(await get()).toBe("ok");
  });
});

describe("a worker that", () => {
  test("is killed is replaced within 200 ms, and the others serve on", async () => {
    await using origin = RawOrigin.start(OK);
    await using setting = await start(origin.port);
    const [first = 0, second = 0] = await pidsOf(setting);
    await using clients = new AsyncDisposableStack();
    const all = await Promise.all(Array.from({ length: 16 }, () => RawClient.connect(setting.port)));
    for (const client of all) clients.use(client);
    await Promise.all(all.map((client) => client.request("GET", "/", fields)));
    process.kill(first, "SIGKILL");
    const took = [await replaced(setting, 1, first)];
    await setting.run.seen(/"a worker ended","pid":\d+,"signal":"SIGKILL","worker":1/);
    // Those of the other are as they were.
    const open = all.filter((client) => client.ending === undefined);
    expect(open.length).toBe(connectionsOf(second, setting.port));
    expect(open.length).toBeGreaterThan(0);
    for (const client of open) expect((await client.request("GET", "/", fields)).status).toBe(200);
    expect(await ask(setting.port)).toBe("ok");
    expect((await pidsOf(setting))[1]).toBe(second);
    const again = () => replacedAfter(setting, 1, (pid) => process.kill(pid, "SIGKILL"));
    expect(await bestOf(REPLACED_MS, async () => took.pop() ?? (await again()))).toBeLessThan(REPLACED_MS);
  });

  test("crashes is replaced, and the log has its last words", async () => {
    await using origin = RawOrigin.start(OK);
    await using setting = await start(origin.port);
    const [, second] = await pidsOf(setting);
    setting.fault("crash-2");
    await setting.run.seen(
      /"a worker ended","pid":\d+,"code":1,"said":"[^\n]*a bug that a test asked for[^\n]*","worker":2/,
    );
    const took = [await replaced(setting, 2, second ?? 0)];
    expect(await ask(setting.port)).toBe("ok");
    const again = () => replacedAfter(setting, 2, () => setting.fault("crash-2"));
    expect(await bestOf(REPLACED_MS, async () => took.pop() ?? (await again()))).toBeLessThan(REPLACED_MS);
  });

  test("keeps crashing is replaced less and less often", async () => {
    await using origin = RawOrigin.start(OK);
    await using setting = await start(origin.port);
    setting.fault("crash-2-always");
    setting.fault("crash-2");
    await setting.run.seen(/"workers keep ending: the next one waits","worker":2,"delayMs":500/);
    // Up to that line: the next one may have ended as well by now.
    const [before = ""] = setting.run.stderr().split('"delayMs":500');
    expect(before.match(/"code":7/g)?.length).toBe(4);
    expect(await ask(setting.port)).toBe("ok");
    rmSync(join(setting.folder, "crash-2-always"));
    await replaced(setting, 2, 0);
  });

  test("ends at the start ends the start", async () => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, "crash-2-always"), "");
    const env = { RUNTIME_DIRECTORY: folder.path, GATEKEEPER_FAULTS_FOLDER: folder.path };
    const args = ["--bind", "127.0.0.1:0", "--upstream", ":1", "--threads", "2"];
    const { code, stderr } = await runBinary(args, { env, binary: await faultyBinaryPath() });
    expect(code).toBe(2);
    expect(stderr).toContain("the workers cannot start: a worker ended before it was ready");
    expect(stderr.match(/"a worker ended"/g)).toHaveLength(1);
  });

  test("hangs is found, ended and replaced", async () => {
    await using origin = RawOrigin.start(OK);
    await using setting = await start(origin.port, { lines: ["worker_hang_timeout: 400ms"] });
    const [first] = await pidsOf(setting);
    setting.fault("hang-1");
    await setting.run.seen(/"a worker did not react any more and was ended","pid":\d+,"signal":"SIGKILL","worker":1/);
    await replaced(setting, 1, first ?? 0);
    expect(await ask(setting.port)).toBe("ok");
  });

  test("hangs while it is to drain does not hold up the stop", async () => {
    await using origin = RawOrigin.start(OK);
    const lines = ["grace_period_seconds: 1", "graceful_shutdown_timeout_seconds: 1", "worker_hang_timeout: 0"];
    await using setting = await start(origin.port, { lines });
    setting.fault("hang-1-on-drain");
    const began = performance.now();
    setting.run.signal("SIGTERM");
    expect((await setting.run.exited()).code).toBe(1);
    const tookMs = performance.now() - began;
    expect(tookMs).toBeGreaterThan(1_900);
    expect(tookMs).toBeLessThan(AT_ONCE_MS);
  });
});

describe("the end of a process with several workers", () => {
  test.each(["SIGTERM", "SIGINT"] as const)("by %s leaves no worker behind and is no failure", async (signal) => {
    await using origin = RawOrigin.start(OK);
    await using setting = await start(origin.port);
    const pids = await pidsOf(setting);
    expect(await ask(setting.port)).toBe("ok");
    // As a terminal does it, and a service manager.
    for (const pid of pids) process.kill(pid, signal);
    setting.run.signal(signal);
    expect((await setting.run.exited()).code).toBe(0);
    expect(pids.filter(isRunning)).toEqual([]);
    expect(setting.run.stderr()).not.toContain("a worker ended");
  });

  test("by SIGKILL ends the workers as well, also one that hangs", async () => {
    await using origin = RawOrigin.start(OK);
    await using setting = await start(origin.port, { lines: ["worker_hang_timeout: 0"] });
    const pids = await pidsOf(setting);
    expect(pids.filter(isRunning)).toHaveLength(2);
    setting.fault("hang-1");
    await until(() => !existsSync(join(setting.folder, "hang-1")), "the hang");
    setting.run.signal("SIGKILL");
    await until(() => pids.filter(isRunning).length === 0, "the end of the workers");
  });

  test("is no later than the grace period and the time for closing by force, whatever peers do", async () => {
    await using origin = RawOrigin.start(({ connection, target }) => {
      if (target !== "/large") return;
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
      connection.send(Buffer.alloc(100_000_000));
    });
    await using setting = await start(origin.port, {
      lines: ["grace_period_seconds: 1", "graceful_shutdown_timeout_seconds: 1"],
    });
    await using neverReads = await RawClient.connect(setting.port);
    await using neverAnswered = await RawClient.connect(setting.port);
    neverReads.pause();
    neverReads.send(requestText("GET", "/large", fields));
    await origin.exchange(1);
    neverAnswered.send(requestText("GET", "/silent", fields));
    await origin.exchange(2);
    const began = performance.now();
    setting.run.signal("SIGTERM");
    expect((await setting.run.exited()).code).toBe(1);
    const tookMs = performance.now() - began;
    expect(tookMs).toBeGreaterThan(900);
    expect(tookMs).toBeLessThan(AT_ONCE_MS);
  });

  test.each(["SIGTERM", "SIGINT"] as const)("comes at once with a second signal, %s", async (signal) => {
    await using origin = RawOrigin.start(() => {});
    await using setting = await start(origin.port);
    const pids = await pidsOf(setting);
    await using client = await RawClient.connect(setting.port);
    client.send(requestText("GET", "/", fields));
    await origin.exchange(1);
    setting.run.signal("SIGTERM");
    await setting.run.seen(/draining/);
    // The other worker had nothing to wait for.
    await until(() => pids.filter(isRunning).length === 1, "the end of the idle worker");
    const began = performance.now();
    setting.run.signal(signal);
    expect((await setting.run.exited()).code).toBe(1);
    expect(performance.now() - began).toBeLessThan(AT_ONCE_MS);
  });

  test("waits for the requests of each of them", async () => {
    await using origin = RawOrigin.start(({ connection, target }) => {
      if (target === "/") connection.send(OK);
    });
    await using setting = await start(origin.port);
    await using clients = new AsyncDisposableStack();
    const all = await Promise.all(Array.from({ length: 12 }, () => RawClient.connect(setting.port)));
    for (const client of all) clients.use(client).send(requestText("GET", "/late", fields));
    const waiting = await Promise.all(all.map((_, at) => origin.exchange(at + 1)));
    setting.run.signal("SIGTERM");
    await setting.run.seen(/"draining","signal":"SIGTERM","open":12/);
    for (const { connection } of waiting) connection.send(OK);
    for (const client of all) expect((await client.answer()).status).toBe(200);
    expect((await setting.run.exited()).code).toBe(0);
  });
});

test("peers are looked at once, however many workers there are, and all of them know what was found", async () => {
  let looks = 0;
  let isWell = true;
  await using origin = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      if (new URL(request.url).pathname !== "/health") return new Response("ok");
      looks++;
      return new Response(null, { status: isWell ? 200 : 500 });
    },
  });
  const lines = [
    "routes:",
    `  - upstreams: 127.0.0.1:${origin.port}`,
    "    health_uri: /health",
    "    health_interval: 300ms",
  ];
  await using setting = await start(undefined, { threads: 3, lines });
  const statusNow = async (): Promise<number> => {
    await using client = await RawClient.connect(setting.port);
    return (await client.request("GET", "/", fields)).status;
  };
  const [before, began] = [looks, performance.now()];
  await Bun.sleep(1_500);
  // Three probers would have looked three times as often.
  expect(looks - before).toBeLessThan((1.8 * (performance.now() - began)) / 300);
  isWell = false;
  await setting.run.seen(/peer is down/);
  /** 40 new connections reach every worker. */
  const allAnswer = async (status: number): Promise<void> => {
    const end = performance.now() + 3_000;
    for (let all = new Set<number>(); all.size !== 1 || !all.has(status);) {
      all = new Set(await Promise.all(Array.from({ length: 40 }, statusNow)));
      if (performance.now() > end) throw new Error(`not every worker answers ${status}: ${[...all].join(" ")}`);
    }
  };
  await allAnswer(503);
  isWell = true;
  await setting.run.seen(/peer is up again/);
  await allAnswer(200);
  const lineCount = setting.run.stderr().split("peer is down").length - 1;
  expect(lineCount).toBe(1);
});
