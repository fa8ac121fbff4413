import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  binaryPath,
  type BinaryResult,
  type BinaryRun,
  listeningAt,
  runBinary,
  startBinary,
  temporaryFolder,
} from "../helpers/binary.ts";
import type { Holdings } from "../../src/process/holdings.ts";
import { LANES } from "../helpers/lanes.ts";
import { valueOf } from "../helpers/raw-head.ts";
import { type RawAnswer, RawClient } from "../helpers/raw-client.ts";
import { NotedSocket, type StreamsOrigin, startStreamsOrigin } from "../helpers/streams.ts";

// The executable is built first.
setDefaultTimeout(60_000);
beforeAll(async () => void (await binaryPath()));

const [{ fields }] = LANES;

interface Setting extends AsyncDisposable {
  readonly run: BinaryRun;
  readonly port: number;
  readonly folder: string;
  gatekeeper(...words: readonly string[]): Promise<BinaryResult>;
  get(target?: string): Promise<RawAnswer>;
}

/** The executable before origins, with a route `/a` of its own name for the first. */
async function start(origins: readonly StreamsOrigin[], lines: readonly string[] = []): Promise<Setting> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(temporaryFolder()).path;
  const file = join(folder, "conf.yaml");
  const all = origins.map(({ port }) => `127.0.0.1:${port}`);
  writeFileSync(join(folder, "page.html"), "<p>soon");
  writeFileSync(
    file,
    [
      "bind: 127.0.0.1:0",
      ...lines,
      "routes:",
      `  - { name: one, match: { path: /a/* }, upstreams: "${all[0]}" }`,
      `  - { name: rest, upstreams: [${all.map((each) => `"${each}"`).join(", ")}] }`,
      "",
    ].join("\n"),
  );
  const env = { RUNTIME_DIRECTORY: join(folder, "run") };
  const run = stack.use(await startBinary(["-c", file], { env, cwd: folder }));
  const { port } = await listeningAt(run);
  const owned = stack.move();
  return {
    run,
    port,
    folder,
    gatekeeper: (...words) => runBinary(words, { env }),
    async get(target = "/") {
      await using client = await RawClient.connect(port);
      return await client.request("GET", target, fields);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

describe("gatekeeper maintenance", () => {
  test("closes everything or a route, says what is so, and opens again", async () => {
    await using a = startStreamsOrigin("a");
    await using setting = await start([a], ["maintenance_page: page.html"]);
    const { gatekeeper } = setting;
    const said = async (...words: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await gatekeeper("maintenance", ...words);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      return stdout;
    };
    expect(await said()).toBe("nothing is in maintenance\n");
    expect(await said("on", "one", "--retry-after", "10m")).toBe("one is in maintenance (Retry-After: 600)\n");
    const closed = await setting.get("/a/x");
    expect([closed.status, valueOf(closed.head, "retry-after"), closed.body.toString()]).toEqual([
      503,
      "600",
      "<p>soon",
    ]);
    expect((await setting.get()).status).toBe(200);
    expect(await said("on")).toBe(
      "everything is in maintenance (Retry-After: 120)\none is in maintenance (Retry-After: 600)\n",
    );
    expect((await setting.get()).status).toBe(503);
    expect((await gatekeeper("reload")).code).toBe(0);
    expect((await setting.get()).status).toBe(503);
    expect(await said("off")).toBe("nothing is in maintenance\n");
    expect([(await setting.get()).status, (await setting.get("/a/x")).status]).toEqual([200, 200]);
    await setting.run.seen(/"maintenance is off"/);
  });

  test("says what is wrong with what it is told", async () => {
    await using a = startStreamsOrigin("a");
    await using setting = await start([a]);
    const { gatekeeper } = setting;
    const wrong: readonly (readonly [words: readonly string[], code: number, said: string])[] = [
      [["on", "two"], 1, "there is no route called two; the routes are: one, rest"],
      [["on", "ore"], 1, 'there is no route called ore; did you mean "one"?'],
      [["no"], 2, "did you mean gatekeeper maintenance on?"],
      [["off", "--retry-after", "5"], 2, "there is nothing to come again for"],
      [["on", "--retry-after", "soon"], 2, "this is not a time"],
      [["on", "one", "more"], 2, "nothing may follow the command maintenance [on|off] [ROUTE]"],
      [["on", "--pid", "1"], 3, "process 1 is no gatekeeper"],
    ];
    for (const [words, code, said] of wrong) {
      const result = await gatekeeper("maintenance", ...words);
      expect(result.stderr).toContain(said);
      expect(result.code).toBe(code);
    }
    expect((await setting.get()).status).toBe(200);
  });

  test("a page that cannot be read is told before the start", async () => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, "conf.yaml"), "bind: :0\nupstream: :1\nmaintenance_page: nowhere.html\n");
    const result = await runBinary(["-c", "conf.yaml", "-t"], { cwd: folder.path });
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(/conf\.yaml:3:\d+ \(maintenance_page\).*there is no such file/);
  });
});

describe("gatekeeper drain", () => {
  test("takes a peer out, tells what is open on it, and undrain takes it back", async () => {
    await using a = startStreamsOrigin("a");
    await using b = startStreamsOrigin("b");
    await using setting = await start([a, b]);
    const { gatekeeper, port } = setting;
    const [first, second] = [`127.0.0.1:${a.port}`, `127.0.0.1:${b.port}`];
    using socket = await NotedSocket.open(`ws://127.0.0.1:${port}/a/ws`);
    const drained = await gatekeeper("drain", first);
    expect(drained.stdout).toBe(
      `${first} gets no new requests; 1 still open on it may finish\nevery peer of one is drained: its requests are answered 503\n`,
    );
    expect(drained.code).toBe(0);
    expect([(await setting.get()).body.toString(), (await setting.get()).body.toString()]).toEqual(["b", "b"]);
    expect((await setting.get("/a/x")).status).toBe(503);
    await socket.echo();
    const listed = (await gatekeeper("drain")).stdout.replaceAll(/ +/g, " ");
    expect(listed).toBe(
      `PEER STATE OPEN\n${first} draining 1\n${second} up 0\nevery peer of one is drained: its requests are answered 503\n`,
    );
    const taken = await gatekeeper("undrain", first);
    expect([taken.code, taken.stdout]).toEqual([0, `${first} gets new requests again\n`]);
    expect((await setting.get("/a/x")).status).toBe(200);
  });

  test("says which peer was meant", async () => {
    await using a = startStreamsOrigin("a");
    await using setting = await start([a]);
    const wrong = await setting.gatekeeper("drain", `:${a.port}`);
    expect([wrong.code, wrong.stderr]).toEqual([
      1,
      `gatekeeper: there is no peer :${a.port}; did you mean 127.0.0.1:${a.port}?\n`,
    ]);
    const missing = await setting.gatekeeper("undrain");
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain("ADDR is missing after undrain");
  });

  test("holds for several workers, and for one that comes in the place of another", async () => {
    await using a = startStreamsOrigin("a");
    await using b = startStreamsOrigin("b");
    await using setting = await start([a, b], ["threads: 2"]);
    const { gatekeeper, run } = setting;
    expect((await gatekeeper("drain", `127.0.0.1:${a.port}`)).code).toBe(0);
    expect((await gatekeeper("maintenance", "on", "one")).code).toBe(0);
    process.kill(await workerPid(setting), "SIGKILL");
    await run.seen(/a worker took the place of the one that ended/);
    const seen = new Set<string>();
    // Connections are spread over the workers by their ports.
    for (let i = 0; i < 24; i++) {
      seen.add((await setting.get()).body.toString());
      expect((await setting.get("/a/x")).status).toBe(503);
    }
    expect(seen).toEqual(new Set(["b"]));
  });
});

async function workerPid({ run, folder }: Setting): Promise<number> {
  const unix = join(folder, "run", `${run.pid}.sock`);
  const status = (await (await fetch("http://gatekeeper/", { unix })).json()) as { workers: { pid: number }[] };
  return status.workers[0]?.pid ?? 0;
}

test("a file that is answered with is read at the start and again when it changes; one that is gone changes nothing", async () => {
  using folder = temporaryFolder();
  const page = join(folder.path, "page.html");
  const conf = join(folder.path, "conf.yaml");
  const env = { RUNTIME_DIRECTORY: join(folder.path, "run") };
  writeFileSync(conf, `bind: 127.0.0.1:0\nroutes:\n  - respond: { file: ${page}, status: 404 }\n`);
  const missing = await runBinary(["-c", conf]);
  expect(missing.code).toBe(2);
  expect(missing.stderr).toMatch(/conf\.yaml:3:\d+ \(routes\[0\]\.respond\.file\): there is no such file/);

  writeFileSync(page, "<p>one");
  await using run = await startBinary(["-c", conf, "--watch"], { env });
  const { port } = await listeningAt(run);
  const get = async (): Promise<string> => {
    const answer = await fetch(`http://127.0.0.1:${port}/`);
    return `${answer.status} ${answer.headers.get("content-type")} ${await answer.text()}`;
  };
  expect(await get()).toBe("404 text/html;charset=utf-8 <p>one");
  writeFileSync(page, "<p>two");
  await run.seen(/"configuration reloaded","trigger":"watch"/);
  expect(await get()).toBe("404 text/html;charset=utf-8 <p>two");
  rmSync(page);
  const refused = await runBinary(["reload"], { env });
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("there is no such file");
  expect(await get()).toBe("404 text/html;charset=utf-8 <p>two");
});

test("the control socket tells what each process holds, and that it lets go of it again", async () => {
  await using origin = startStreamsOrigin("a");
  await using setting = await start([origin], ["threads: 2"]);
  const unix = join(setting.folder, "run", `${setting.run.pid}.sock`);
  const ask = async (): Promise<readonly Holdings[]> =>
    (await (await fetch("http://gatekeeper/holdings", { unix, proxy: false })).json()) as readonly Holdings[];
  const held = async (): Promise<readonly [open: number, inFlight: number]> => {
    const all = await ask();
    return [all.reduce((sum, { open }) => sum + open, 0), all.reduce((sum, { inFlight }) => sum + inFlight, 0)];
  };
  const socket = await NotedSocket.open(`ws://127.0.0.1:${setting.port}/`);
  const all = await ask();
  expect(new Set(all.map(({ pid }) => pid)).size).toBe(3);
  expect(all[0]?.pid).toBe(setting.run.pid);
  expect(all.every(({ heapBytes, objects }) => heapBytes > 100_000 && (objects["Function"] ?? 0) > 100)).toBe(true);
  expect(await held()).toEqual([1, 1]);
  socket[Symbol.dispose]();
  const deadline = performance.now() + 5_000;
  while ((await held()).some((count) => count > 0) && performance.now() < deadline) await Bun.sleep(20);
  expect(await held()).toEqual([0, 0]);
});
