import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binaryPath, type BinaryRun, listeningAt, runBinary, startBinary, temporaryFolder } from "../helpers/binary.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";
import { RawClient } from "../helpers/raw-client.ts";

// The executable is built first.
setDefaultTimeout(60_000);

interface Setting extends AsyncDisposable {
  readonly options: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> };
  /** Starts it, one after the other on the same port. */
  serve(...words: readonly string[]): Promise<BinaryRun>;
  start(...words: readonly string[]): Promise<BinaryRun>;
  gatekeeper(...words: readonly string[]): ReturnType<typeof runBinary>;
  get(target: string): Promise<number>;
  /** So many at a time. */
  flood(target: string, times: number): Promise<void>;
}

/** @param slow the port of an upstream, for `/slow` */
function setting(slow = 1): Setting {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(temporaryFolder()).path;
  const file = join(folder, "conf.yaml");
  mkdirSync(join(folder, "run"), { mode: 0o700 });
  // Colours are for terminals, whatever is wished for.
  const options = { cwd: folder, env: { ...process.env, RUNTIME_DIRECTORY: join(folder, "run"), TERM: "xterm" } };
  let port = 0;
  const routes = [
    "routes:",
    "  - { name: lost, match: { path: /lost }, respond: 404 }",
    `  - { name: slow, match: { path: /slow }, upstreams: "127.0.0.1:${slow}" }`,
    "  - { name: rest, respond: ok }",
  ].join("\n");
  return {
    options,
    async serve(...words) {
      writeFileSync(file, `bind: 127.0.0.1:${port}\nupgrade_sock: ${folder}/upgrade.sock\n${routes}\n`);
      const run = stack.use(await startBinary(["-c", file, ...words], options));
      ({ port } = await listeningAt(run));
      return run;
    },
    start: async (...words) => stack.use(await startBinary(words, options)),
    gatekeeper: (...words) => runBinary(words, options),
    async get(target) {
      await using client = await RawClient.connect(port);
      return (await client.request("GET", target, ["Host: a.example"])).status;
    },
    async flood(target, times) {
      const ask = async () => (await fetch(`http://127.0.0.1:${port}${target}`, { proxy: "" })).bytes();
      await Promise.all(Array.from({ length: times }, ask));
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Asks for something until a program has written what it is to write. */
async function until(run: BinaryRun, pattern: RegExp, ask: () => Promise<unknown>): Promise<string> {
  let isSeen = false;
  const seen = run.seen(pattern).finally(() => (isSeen = true));
  while (!isSeen) {
    await ask();
    await Bun.sleep(50);
  }
  return (await seen)[0];
}

test.concurrent("top writes a line a second where there is no terminal, and all there is to show once", async () => {
  await using at = setting();
  await at.serve();
  const top = await at.start("top");
  await until(top, /^\d\d:\d\d:\d\d requests=[1-9]\d* errors=0 .*peers_up=1\/1\n/m, () => at.get("/x"));
  top.signal("SIGTERM");
  const { code, stdout, stderr } = await top.exited();
  expect([code, stderr]).toEqual([0, ""]);
  const once = await at.gatekeeper("top", "--once");
  expect([once.code, once.stderr]).toEqual([0, ""]);
  expect(once.stdout).toMatch(/^gatekeeper 0\.\d+\.\d+ · pid \d+ .*\n.* requests\/s /);
  expect(once.stdout).toMatch(/SLOWEST .*\n.* GET a\.example\/x\n/);
  expect(stdout + once.stdout).not.toContain("\u001b");
});

test.concurrent("tail shows requests as they end: all, or those that are asked for", async () => {
  await using at = setting();
  await at.serve();
  const [all, some] = await Promise.all([at.start("tail"), at.start("tail", "--status", "4xx", "--route", "lost")]);
  const ask = async (): Promise<void> => {
    expect([await at.get("/x"), await at.get("/lost")]).toEqual([200, 404]);
  };
  await Promise.all([
    until(all, / 200 .* GET a\.example\/x 127\.0\.0\.1 -> - \[rest\]\n[^]* 404 .*\[lost\]\n/, ask),
    until(some, / 404 .*\n/, ask),
  ]);
  some.signal("SIGINT");
  const { code, stdout } = await some.exited();
  expect(code).toBe(0);
  expect(stdout.split("\n").filter((line) => !line.includes("[lost]"))).toEqual([""]);
  expect(all.stdout() + stdout).not.toContain("\u001b");
});

test.concurrent("tail loses none of those that are asked for among many that are not", async () => {
  await using at = setting();
  await at.serve();
  const tail = await at.start("tail", "--status", "404");
  // It watches from the first one on.
  await until(tail, / 404 .*\/lost /, () => at.get("/lost"));
  for (let round = 1; round <= 3; round++) {
    // More than are told in a second.
    await at.flood("/x", 400);
    expect(await at.get(`/lost?${round}`)).toBe(404);
  }
  await tail.seen(/\/lost\?3 /);
  const rounds = [...tail.stdout().matchAll(/\/lost\?(\d) /g)].map(([, round]) => round);
  expect([rounds, tail.stderr()]).toEqual([["1", "2", "3"], ""]);
});

test.concurrent("tail goes on with the process that comes in place of one that ends", async () => {
  await using at = setting();
  const first = await at.serve();
  const tail = await at.start("tail");
  await until(tail, / 200 .*\/before /, () => at.get("/before"));
  first.signal("SIGTERM");
  await first.exited();
  await tail.seen(/process \d+ has ended, waiting for another one/);
  const second = await at.serve();
  await tail.seen(new RegExp(`process ${second.pid} has taken its place`));
  await until(tail, / 200 .*\/after /, () => at.get("/after"));
});

test.concurrent("tail goes over to the process that takes over, while the old one drains", async () => {
  await using origin = RawOrigin.start(() => {});
  await using at = setting(origin.port);
  const old = await at.serve();
  const tail = await at.start("tail");
  await until(tail, / 200 .*\/before /, () => at.get("/before"));
  // It has this to wait for.
  const slow = at.get("/slow");
  const { connection } = await origin.exchange(1);
  const next = await at.serve("-u");
  await tail.seen(new RegExp(`process ${next.pid} has taken its place`));
  expect(tail.stderr()).not.toContain("has ended");
  await until(tail, / 200 .*\/after /, () => at.get("/after"));
  connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  expect(await slow).toBe(200);
  expect((await old.exited()).code).toBe(0);
});

test.concurrent("what watches one process by its id ends with it, and says so by its exit code", async () => {
  await using at = setting();
  const run = await at.serve();
  const tail = await at.start("tail", "--pid", String(run.pid));
  await until(tail, / 200 /, () => at.get("/x"));
  run.signal("SIGTERM");
  const { code, stderr } = await tail.exited();
  expect([code, stderr]).toEqual([1, "gatekeeper: the process has ended\n"]);
});

test.concurrent("what has nothing to watch, or is told nonsense, says so by its exit code", async () => {
  await using at = setting();
  expect(await at.gatekeeper("tail")).toMatchObject({ code: 3, stderr: expect.stringContaining("no gatekeeper runs") });
  expect((await at.gatekeeper("top", "--once")).code).toBe(3);
  const wrong = await at.gatekeeper("tail", "--status", "5", "--slower-than", "10");
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toMatch(/--status: .*"5" is no status.*\n.*--slower-than: a time needs its unit/);
});

test.concurrent("tail ends when nobody reads any more", async () => {
  await using at = setting();
  await at.serve();
  const shell = Bun.spawn(["sh", "-c", `"$0" tail | head -n 1`, await binaryPath()], {
    ...at.options,
    stderr: "ignore",
  });
  while (shell.exitCode === null) {
    await at.get("/x");
    await Bun.sleep(50);
  }
  expect((await new Response(shell.stdout).text()).split("\n")).toEqual([expect.stringContaining(" 200 "), ""]);
});
