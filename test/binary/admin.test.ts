import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BinaryRun, listeningAt, runBinary, startBinary, temporaryFolder } from "../helpers/binary.ts";
import { LANES } from "../helpers/lanes.ts";
import { refusingPort } from "../helpers/refusing-port.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";

// The executable is built first.
setDefaultTimeout(60_000);

const [{ fields }] = LANES;
const TOKEN = "0123456789-admin-token";

interface Setting extends AsyncDisposable {
  readonly folder: string;
  write(lines: readonly string[]): void;
  start(...words: readonly string[]): Promise<BinaryRun>;
  gatekeeper(...words: readonly string[]): ReturnType<typeof runBinary>;
}

function setting(env: Readonly<Record<string, string>> = {}): Setting {
  const stack = new AsyncDisposableStack();
  const folder = stack.use(temporaryFolder()).path;
  const file = join(folder, "conf.yaml");
  const options = { cwd: folder, env: { RUNTIME_DIRECTORY: join(folder, "run"), ...env } };
  const base = ["bind: 127.0.0.1:0", `upgrade_sock: ${folder}/upgrade.sock`];
  return {
    folder,
    write: (lines) => writeFileSync(file, `${[...base, ...lines].join("\n")}\n`),
    start: async (...words) => stack.use(await startBinary(["-c", file, ...words], options)),
    gatekeeper: (...words) => runBinary(words, options),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Where the admin listener says it is, for the `nth` time. */
async function adminOf(run: BinaryRun, nth = 1): Promise<string> {
  await run.seen(new RegExp(`(?:admin listener is open[^]*){${nth}}`));
  const all = [...run.stderr().matchAll(/admin listener is open","at":"(http:[^"]+)"/g)];
  return all[nth - 1]?.[1] ?? "";
}

const ask = (url: string, init: BunFetchRequestInit = {}) => fetch(url, { proxy: "", keepalive: false, ...init });

/** Processes that it started. */
function workersOf(pid: number): readonly string[] {
  const found = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
  if (found.length !== 2) throw new Error(`expected two workers: ${found.join(" ")}`);
  return found;
}

const origin = () =>
  RawOrigin.start(({ connection, target }) => {
    if (target === "/") connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  });

test("a second process on the machine that cannot have the admin port serves on, and says so in one line", async () => {
  await using behind = origin();
  await using at = setting();
  at.write([`upstream: 127.0.0.1:${behind.port}`, `admin: 127.0.0.1:${refusingPort()}`]);
  const first = await at.start();
  const url = await adminOf(first);
  const second = await at.start();
  const { port } = await listeningAt(second);
  await using client = await RawClient.connect(port);
  expect((await client.request("GET", "/", fields)).status).toBe(200);
  const lines = second
    .stderr()
    .split("\n")
    .filter((line) => line.includes("admin"));
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    {
      level: "warn",
      message: "no admin listener, serving without it",
      reason: expect.stringContaining("in use already"),
    },
  ]);
  expect((await ask(`${url}/health`)).status).toBe(200);
});

test.each([1, 2])("is the supervisor's alone, and follows reloads (%i workers)", async (n) => {
  await using behind = origin();
  await using at = setting();
  const upstream = `upstream: 127.0.0.1:${behind.port}`;
  const [one, two] = [refusingPort(), refusingPort()];
  at.write([upstream, `threads: ${n}`, `admin: 127.0.0.1:${one}`]);
  const run = await at.start();
  const url = await adminOf(run);
  expect(await (await ask(`${url}/ready`)).json()).toEqual({ ready: true });
  expect(await (await ask(`${url}/reverse_proxy/upstreams`)).json()).toEqual([
    { address: `127.0.0.1:${behind.port}`, num_requests: 0, fails: 0 },
  ]);
  at.write([upstream, `threads: ${n}`, `admin: 127.0.0.1:${two}`]);
  // It answers the very request that moves it.
  expect(await (await ask(`${url}/reload`, { method: "POST" })).json()).toMatchObject({ isReloaded: true });
  expect((await ask(`http://127.0.0.1:${two}/health`)).status).toBe(200);
  at.write([upstream, `threads: ${n}`, "admin: off"]);
  expect(await (await ask(`http://127.0.0.1:${two}/reload`, { method: "POST" })).json()).toMatchObject({
    isReloaded: true,
  });
  expect(
    await ask(`http://127.0.0.1:${two}/health`).then(
      () => "open",
      () => "closed",
    ),
  ).toBe("closed");
  // One that cannot be had fails no reload.
  using other = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  at.write([upstream, `threads: ${n}`, `admin: 127.0.0.1:${other.port}`]);
  expect((await at.gatekeeper("reload", "--pid", String(run.pid))).code).toBe(0);
  await run.seen(/no admin listener, serving without it/);
});

test("takes part in maintenance and draining, and stops the process after what is open", async () => {
  await using behind = origin();
  await using at = setting();
  at.write([`upstream: 127.0.0.1:${behind.port}`, "admin: 127.0.0.1:0"]);
  const run = await at.start();
  const [url, { port }] = [await adminOf(run), await listeningAt(run)];
  const post = async (path: string) => (await ask(`${url}${path}`, { method: "POST" })).status;
  expect(await post("/maintenance?on=true")).toBe(200);
  await using client = await RawClient.connect(port);
  expect((await client.request("GET", "/", fields)).status).toBe(503);
  expect(await post("/maintenance?on=false")).toBe(200);
  expect(await post("/maintenance?on=true&route=nowhere")).toBe(409);
  expect(await post(`/drain?peer=127.0.0.1:${behind.port}`)).toBe(200);
  expect(await (await ask(`${url}/drain`)).json()).toMatchObject({ type: "peers", peers: [{ isDraining: true }] });
  expect(await post(`/drain?peer=127.0.0.1:${behind.port}&on=false`)).toBe(200);
  client.send(`GET /late HTTP/1.1\r\n${fields.map((line) => `${line}\r\n`).join("")}\r\n`);
  const { connection } = await behind.exchange(1);
  expect(await post("/stop")).toBe(200);
  await run.seen(/"draining"/);
  expect((await ask(`${url}/ready`)).status).toBe(503);
  expect((await ask(`${url}/health`)).status).toBe(200);
  expect(await post("/stop")).toBe(409);
  connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate");
  expect((await client.answer()).body.toString()).toBe("late");
  expect((await run.exited()).code).toBe(0);
});

test("of a process that takes over takes the address as soon as the old one goes", async () => {
  await using behind = origin();
  await using at = setting();
  at.write([`upstream: 127.0.0.1:${behind.port}`, `admin: 127.0.0.1:${refusingPort()}`, "grace_period_seconds: 20"]);
  const old = await at.start();
  const url = await adminOf(old);
  // The old one has something to do for long after.
  await using client = await RawClient.connect((await listeningAt(old)).port);
  client.send(`GET /late HTTP/1.1\r\n${fields.map((line) => `${line}\r\n`).join("")}\r\n`);
  const { connection } = await behind.exchange(1);
  const next = await at.start("-u");
  expect(await adminOf(next)).toBe(url);
  expect(next.stderr()).not.toContain("no admin listener");
  expect(await (await ask(`${url}/ready`)).json()).toEqual({ ready: true });
  connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate");
  expect((await client.answer()).body.toString()).toBe("late");
  expect((await old.exited()).code).toBe(0);
  expect(await (await ask(`${url}/ready`)).json()).toEqual({ ready: true });
});

describe("the token of the admin listener", () => {
  test("is in no answer, no log, no help and no command line", async () => {
    await using behind = origin();
    await using at = setting({ GATEKEEPER_ADMIN_TOKEN: TOKEN });
    at.write([`upstream: 127.0.0.1:${behind.port}`]);
    const run = await at.start("--admin", "127.0.0.1:0", "--log-level", "trace", "--threads", "2");
    const url = await adminOf(run);
    const headers = { Authorization: `Bearer ${TOKEN}` };
    const texts = [
      await (await ask(`${url}/config`, { headers })).text(),
      await (await ask(`${url}/`, { headers })).text(),
      await (await ask(`${url}/reload`, { method: "POST", headers: { Authorization: `Bearer ${TOKEN}x` } })).text(),
      await (await ask(`${url}/reload`, { method: "POST", headers })).text(),
      (await at.gatekeeper("--help")).stdout,
      readFileSync(`/proc/${run.pid}/cmdline`, "latin1"),
      ...workersOf(run.pid).map((pid) => readFileSync(`/proc/${pid}/environ`, "latin1")),
    ];
    run.signal("SIGTERM");
    const { code, stdout, stderr } = await run.exited();
    expect(code).toBe(0);
    for (const text of [...texts, stdout + stderr]) {
      expect(text.length).toBeGreaterThan(0);
      expect(text).not.toContain(TOKEN);
    }
  });

  test("is not needed over a unix socket, which is its user's alone and is gone with the process", async () => {
    await using behind = origin();
    await using at = setting({ GATEKEEPER_ADMIN_TOKEN: TOKEN });
    const path = join(at.folder, "admin.sock");
    at.write([`upstream: 127.0.0.1:${behind.port}`, `admin: unix/${path}`]);
    const run = await at.start();
    await run.seen(/admin listener is open/);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const reload = await ask("http://localhost/reload", { unix: path, method: "POST" });
    expect(await reload.json()).toMatchObject({ isReloaded: true });
    const heap = await (await ask("http://localhost/debug/heap", { unix: path })).json();
    expect(heap).toMatchObject({ snapshot: { meta: expect.anything() } });
    run.signal("SIGINT");
    await run.exited();
    expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
  });
});
