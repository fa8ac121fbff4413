import { expect, setDefaultTimeout, test } from "bun:test";
import { chownSync, existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BinaryRun, listeningAt, runBinary, startBinary, temporaryFolder } from "../helpers/binary.ts";
import { LANES, requestText } from "../helpers/lanes.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";

// The executable is built first.
setDefaultTimeout(30_000);

const [{ fields }] = LANES;
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** A folder with a file and an upgrade socket, and the executable in it as often as is wanted. */
interface Setting extends AsyncDisposable {
  readonly folder: string;
  readonly socket: string;
  readonly file: string;
  start(...args: readonly string[]): Promise<BinaryRun>;
  /** Runs it to its end. */
  run(...args: readonly string[]): ReturnType<typeof runBinary>;
  write(lines: readonly string[]): void;
}

function setting(): Setting {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(temporaryFolder()).path;
  const file = join(folder, "conf.yaml");
  const socket = join(folder, "upgrade.sock");
  const options = { env: { RUNTIME_DIRECTORY: join(folder, "run") } };
  return {
    folder,
    socket,
    file,
    start: async (...args) => stack.use(await startBinary(["-c", file, ...args], options)),
    run: (...args) => runBinary(["-c", file, ...args], options),
    write: (lines) => writeFileSync(file, `${[...lines, `upgrade_sock: ${socket}`].join("\n")}\n`),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const linesFor = (origin: RawOrigin): readonly string[] => [
  "bind: 127.0.0.1:0",
  `upstream: 127.0.0.1:${origin.port}`,
  "grace_period_seconds: 5",
];

async function ask(port: number): Promise<number> {
  await using client = await RawClient.connect(port);
  return (await client.request("GET", "/", fields)).status;
}

test.each([1, 2])(
  "-u takes over from the running process, which ends when its requests have (%i workers)",
  async (n) => {
    await using origin = RawOrigin.start(({ connection, target }) => {
      if (target === "/") connection.send(OK);
    });
    await using at = setting();
    at.write(linesFor(origin));
    const old = await at.start("--threads", String(n));
    const { port } = await listeningAt(old);
    expect(statSync(at.socket).mode & 0o777).toBe(0o600);
    await using waiting = await RawClient.connect(port);
    waiting.send(requestText("GET", "/late", fields));
    const { connection } = await origin.exchange(1);
    const next = await at.start("-u", "--threads", String(n));
    // Port 0 is the very port that the old one has.
    expect((await listeningAt(next)).port).toBe(port);
    await next.seen(new RegExp(`"took over","predecessor":${old.pid}`));
    await old.seen(new RegExp(`"draining","successor":${next.pid}`));
    // As Pingora's users do it: nothing is to be done any more.
    old.signal("SIGQUIT");
    for (let count = 0; count < 20; count++) expect(await ask(port)).toBe(200);
    connection.send(OK);
    expect((await waiting.answer()).status).toBe(200);
    expect((await old.exited()).code).toBe(0);
    expect(existsSync(at.socket)).toBe(true);
    const third = await at.start("--upgrade");
    await third.seen(new RegExp(`"took over","predecessor":${next.pid}`));
    expect((await next.exited()).code).toBe(0);
    expect(await ask(port)).toBe(200);
    third.signal("SIGTERM");
    expect((await third.exited()).code).toBe(0);
    expect(existsSync(at.socket)).toBe(false);
  },
);

test("what is in maintenance or drained stays so", async () => {
  await using origin = RawOrigin.start(OK);
  await using at = setting();
  at.write(linesFor(origin));
  const old = await at.start();
  const { port } = await listeningAt(old);
  const gatekeeper = async (...words: readonly string[]): Promise<string> =>
    (await runBinary(words, { env: { RUNTIME_DIRECTORY: join(at.folder, "run") } })).stdout;
  await gatekeeper("maintenance", "on", "--retry-after", "5");
  await gatekeeper("drain", `127.0.0.1:${origin.port}`);
  const next = await at.start("-u", "--threads", "2");
  expect((await old.exited()).code).toBe(0);
  await listeningAt(next);
  expect(await ask(port)).toBe(503);
  expect(await gatekeeper("maintenance")).toBe("everything is in maintenance (Retry-After: 5)\n");
  expect(await gatekeeper("drain")).toMatch(/ drained +0\n/);
  await gatekeeper("maintenance", "off");
  await gatekeeper("undrain", `127.0.0.1:${origin.port}`);
  expect(await ask(port)).toBe(200);
});

test("SIGQUIT has the running process serve on until the one comes that takes over", async () => {
  await using origin = RawOrigin.start(OK);
  await using at = setting();
  at.write(linesFor(origin));
  const old = await at.start();
  const { port } = await listeningAt(old);
  old.signal("SIGQUIT");
  await old.seen(/waiting for a process that takes over/);
  expect(await ask(port)).toBe(200);
  const next = await at.start("-u");
  expect((await listeningAt(next)).port).toBe(port);
  expect((await old.exited()).code).toBe(0);
  expect(await ask(port)).toBe(200);
});

test("a new process that cannot start leaves the old one serving", async () => {
  await using origin = RawOrigin.start(OK);
  await using at = setting();
  at.write(linesFor(origin));
  const old = await at.start();
  const { port } = await listeningAt(old);
  using taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const [, ...rest] = linesFor(origin);
  const broken: readonly (readonly [lines: readonly string[], said: RegExp])[] = [
    [["bind: nonsense"], /nonsense/],
    [[`bind: [ 127.0.0.1:0, 127.0.0.1:${taken.port} ]`, ...rest], /the address is in use already/],
  ];
  for (const [lines, said] of broken) {
    at.write(lines);
    for (const threads of ["1", "2"]) {
      const { code, stderr } = await at.run("-u", "--threads", threads);
      expect(code).toBe(2);
      expect(stderr).toMatch(said);
    }
    expect(await ask(port)).toBe(200);
  }
  expect(old.stderr()).not.toContain("draining");
  at.write(linesFor(origin));
  const next = await at.start("-u");
  await next.seen(/"took over"/);
  expect((await old.exited()).code).toBe(0);
});

test("without a process to take over from, or with somebody else's, nothing is started", async () => {
  await using origin = RawOrigin.start(OK);
  await using at = setting();
  at.write(linesFor(origin));
  const refused = async (said: RegExp): Promise<void> => {
    const { code, stderr } = await at.run("-u");
    expect(code).toBe(2);
    expect(stderr).toMatch(said);
    expect(stderr).not.toContain("listening on");
  };
  await refused(/-u: there is nothing to take over: \S+upgrade\.sock is not there/);
  writeFileSync(at.socket, "");
  await refused(/is no socket/);
});

test("a socket that belongs to another user is not asked", async () => {
  await using origin = RawOrigin.start(OK);
  await using at = setting();
  at.write(linesFor(origin));
  const old = await at.start();
  await listeningAt(old);
  // Only root can give a file away; another user's test is that it may not.
  const isRoot = process.getuid?.() === 0;
  if (!isRoot) return void expect(() => chownSync(at.socket, 65_534, 65_534)).toThrow();
  chownSync(at.socket, 65_534, 65_534);
  const { code, stderr } = await at.run("-u");
  expect(code).toBe(2);
  expect(stderr).toContain("belongs to another user");
  expect(old.stderr()).not.toContain("draining");
});

test("a second process does not take the upgrade socket from the first", async () => {
  await using origin = RawOrigin.start(OK);
  await using at = setting();
  at.write(linesFor(origin));
  const first = await at.start();
  await listeningAt(first);
  const second = await at.start();
  await second.seen(/no upgrade socket: --upgrade cannot take over from this process/);
  const next = await at.start("-u");
  await next.seen(new RegExp(`"took over","predecessor":${first.pid}`));
});
