import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type BinaryResult,
  type BinaryRun,
  listeningAt,
  runBinary,
  startBinary,
  temporaryFolder,
} from "../helpers/binary.ts";
import { LANES, requestText } from "../helpers/lanes.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { startStreamsOrigin, type StreamsOrigin, until } from "../helpers/streams.ts";

// The executable is built first.
setDefaultTimeout(60_000);

const [{ fields }] = LANES;

/** The executable with a file of its own and a folder for its control socket. */
interface Setting extends AsyncDisposable {
  readonly folder: string;
  readonly file: string;
  readonly port: number;
  readonly run: BinaryRun;
  write(lines: readonly string[]): void;
  reload(...args: readonly string[]): Promise<BinaryResult>;
  /** The body of an answer. */
  get(): Promise<string>;
}

function linesFor(origin: StreamsOrigin, more: readonly string[] = []): readonly string[] {
  return ["bind: 127.0.0.1:0", `upstream: 127.0.0.1:${origin.port}`, ...more];
}

async function start(origin: StreamsOrigin, ...args: readonly string[]): Promise<Setting> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(temporaryFolder()).path;
  const file = join(folder, "conf.yaml");
  const write = (lines: readonly string[]): void => writeFileSync(file, `${lines.join("\n")}\n`);
  write(linesFor(origin));
  const env = { RUNTIME_DIRECTORY: join(folder, "run") };
  const run = stack.use(await startBinary(["-c", file, ...args], { env }));
  const { port } = await listeningAt(run);
  const owned = stack.move();
  return {
    folder,
    file,
    port,
    run,
    write,
    reload: (...words) => runBinary(["reload", ...words], { env }),
    async get() {
      await using client = await RawClient.connect(port);
      return (await client.request("GET", "/", fields)).body.toString();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

describe("gatekeeper reload", () => {
  test("has the running process take up its file, and says so only when it has", async () => {
    await using a = startStreamsOrigin("a");
    await using b = startStreamsOrigin("b");
    await using setting = await start(a);
    expect(await setting.get()).toBe("a");
    setting.write(linesFor(b, ["grace_period_seconds: 1"]));
    const { code, stdout, stderr } = await setting.reload();
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`process ${setting.run.pid} has reloaded its configuration: `);
    expect(stdout).toContain("upstreams_added 1, upstreams_removed 1");
    expect(await setting.get()).toBe("b");
    await setting.run.seen(/"configuration reloaded","trigger":"command"/);
  });

  test("says what is wrong as a start would, and the process goes on as it was", async () => {
    await using a = startStreamsOrigin("a");
    await using setting = await start(a);
    using taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    const upstream = `upstream: 127.0.0.1:${a.port}`;
    const missing = join(setting.folder, "missing.pem");
    const broken: readonly (readonly [lines: readonly string[], said: RegExp])[] = [
      [["bind: [127.0.0.1:0", upstream], /conf\.yaml:\d+:\d+/],
      [["bind: 127.0.0.1:0", "upstraem: 127.0.0.1:1"], /conf\.yaml:2:1 \(upstraem\).*upstream/],
      [[`bind: 127.0.0.1:${taken.port}`, upstream], /listen 127\.0\.0\.1:\d+: the address is in use already/],
      [["bind: 127.0.0.1:0", upstream, `cert: ${missing}`, `key: ${missing}`], /missing\.pem/],
    ];
    for (const [lines, said] of broken) {
      setting.write(lines);
      const refused = await setting.reload();
      expect(refused.code).toBe(1);
      expect(refused.stderr).toMatch(said);
      expect(refused.stderr).toContain(`process ${setting.run.pid} has not reloaded, its old configuration stays`);
      expect(await setting.get()).toBe("a");
    }
    expect(setting.run.stderr().match(/reload failed, the old configuration stays/g)).toHaveLength(broken.length);
    // The same words as a start has for it.
    setting.write(broken[1]?.[0] ?? []);
    const [reloaded, started] = await Promise.all([setting.reload(), runBinary(["-c", setting.file])]);
    expect(started.code).toBe(2);
    expect(reloaded.stderr.split("\n")[0]).toBe(started.stderr.split("\n")[0] ?? "");
    setting.write(linesFor(a));
    expect((await setting.reload()).code).toBe(0);
  });

  test("says which processes there are, where there is not one", async () => {
    await using a = startStreamsOrigin("a");
    await using setting = await start(a);
    const env = { RUNTIME_DIRECTORY: join(setting.folder, "run") };
    await using other = await startBinary(["--bind", "127.0.0.1:0", "--upstream", "127.0.0.1:1"], { env });
    const { port } = await listeningAt(other);
    const several = await setting.reload();
    expect(several.code).toBe(3);
    expect(several.stderr).toContain(`gatekeeper reload --pid ${other.pid}   # http://127.0.0.1:${port}\n`);
    expect(several.stderr).toContain(`--pid ${setting.run.pid} `);
    expect((await setting.reload("--pid", String(other.pid))).code).toBe(0);
    expect((await setting.reload("--pid", "1")).code).toBe(3);
    expect((await setting.reload("--pid", "x")).code).toBe(2);
    other.signal("SIGTERM");
    await other.exited();
    setting.run.signal("SIGINT");
    await setting.run.exited();
    expect(readdirSync(join(setting.folder, "run"))).toEqual([]);
    expect((await setting.reload()).code).toBe(3);
  });

  test("is refused while the process drains", async () => {
    await using a = startStreamsOrigin("a");
    await using setting = await start(a);
    await using client = await RawClient.connect(setting.port);
    client.send(requestText("GET", "/slow", fields));
    await a.waiting(1);
    setting.run.signal("SIGTERM");
    await setting.run.seen(/draining/);
    const { code, stderr } = await setting.reload();
    expect(code).toBe(1);
    expect(stderr).toContain("the process is stopping");
    a.release();
    expect((await client.answer()).status).toBe(200);
    expect((await setting.run.exited()).code).toBe(0);
  });

  test("and where the control socket cannot be, that is said and the process serves", async () => {
    await using a = startStreamsOrigin("a");
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, "file"), "");
    const env = { RUNTIME_DIRECTORY: join(folder.path, "file") };
    await using run = await startBinary(["--bind", "127.0.0.1:0", "--upstream", `127.0.0.1:${a.port}`], { env });
    await listeningAt(run);
    await run.seen(/no control socket/);
    run.signal("SIGHUP");
    await run.seen(/configuration reloaded/);
  });
});

describe("a signal", () => {
  test.each(["SIGHUP", "SIGUSR1"] as const)(
    "%s reloads, and a file that is wrong is told in the log",
    async (signal) => {
      await using a = startStreamsOrigin("a");
      await using b = startStreamsOrigin("b");
      await using setting = await start(a);
      setting.write(["bind: 127.0.0.1:0", "upstraem: x"]);
      setting.run.signal(signal);
      await setting.run.seen(/reload failed, the old configuration stays/);
      await setting.run.seen(/"at":"[^"]*conf\.yaml:2:1 \(upstraem\)"/);
      expect(await setting.get()).toBe("a");
      setting.write(linesFor(b));
      setting.run.signal(signal);
      await setting.run.seen(new RegExp(`"configuration reloaded","trigger":"${signal}"`));
      expect(await setting.get()).toBe("b");
    },
  );
});

test("--watch reloads when a file changes, also after one that was wrong", async () => {
  await using a = startStreamsOrigin("a");
  await using b = startStreamsOrigin("b");
  await using setting = await start(a, "--watch");
  const reloads = (): number => setting.run.stderr().match(/"trigger":"watch"/g)?.length ?? 0;
  setting.write(["bind: nonsense"]);
  await setting.run.seen(/reload failed/);
  writeFileSync(`${setting.file}.new`, `${linesFor(b).join("\n")}\n`);
  renameSync(`${setting.file}.new`, setting.file);
  await setting.run.seen(/configuration reloaded/);
  expect(await setting.get()).toBe("b");
  setting.write(linesFor(a));
  await until(() => reloads() === 3, "the third reload");
  expect(await setting.get()).toBe("a");
});
