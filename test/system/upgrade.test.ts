import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BinaryRun, listeningAt, startBinary, temporaryFolder } from "../helpers/binary.ts";
import { NotedSocket, until } from "../helpers/streams.ts";
import { required } from "./programs.ts";

// Each wait has a deadline of its own; this is for a test that hangs.
setDefaultTimeout(240_000);

const UPGRADES = 10;
const REQUESTS = 100_000;
const SOCKETS = 10;
const MIGRATE = "/proc/sys/net/ipv4/tcp_migrate_req";
const asFound = readFileSync(MIGRATE, "utf8").trim();
const canSet = setMigrate(asFound);

afterAll(() => void setMigrate(asFound));

/** @returns whether this user may */
function setMigrate(value: string): boolean {
  try {
    writeFileSync(MIGRATE, value);
    return readFileSync(MIGRATE, "utf8").trim() === value;
  } catch {
    return false;
  }
}

interface Origin extends AsyncDisposable {
  readonly port: number;
  readonly requests: number;
}

/** Answers at once, counts, and echoes on WebSockets. */
function startOrigin(): Origin {
  let requests = 0;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request, own) {
      if (own.upgrade(request)) return undefined;
      requests++;
      return new Response("hello", { headers: { "Content-Type": "text/plain" } });
    },
    websocket: { idleTimeout: 0, message: (socket, message) => void socket.send(message) },
  });
  return {
    port: server.port as number,
    get requests() {
      return requests;
    },
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

/** A load that goes on until it is stopped. */
class Load {
  readonly #child: Bun.Subprocess<"ignore", "pipe", "pipe">;

  constructor(url: string, keepsAlive: boolean) {
    const command = keepsAlive
      ? [required("wrk"), "-t", "1", "-c", "20", "-d", "200s", url]
      : // wrk takes the end of a connection that it asked for itself for an error.
        [required("hey"), "-c", "20", "-z", "200s", "-disable-keepalive", url];
    this.#child = Bun.spawn(command, { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  }

  /** What it saw: requests that were answered, and those that failed in whatever way. */
  async stop(): Promise<{ readonly answered: number; readonly failed: number }> {
    this.#child.kill("SIGINT");
    const text = await new Response(this.#child.stdout).text();
    if (text.includes("Status code distribution")) return readHey(text);
    const answered = Number(/(\d+) requests in/.exec(text)?.[1]);
    const errors = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text) ?? [];
    const refused = Number(/Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0);
    const failed = errors.slice(1).reduce((sum, count) => sum + Number(count), refused);
    return { answered, failed };
  }
}

function readHey(text: string): { readonly answered: number; readonly failed: number } {
  const [statuses = "", errors = ""] = text.slice(text.indexOf("Status code distribution")).split("Error distribution");
  const count = (pattern: RegExp, part: string): number =>
    [...part.matchAll(pattern)].reduce((sum, match) => sum + Number(match[1]), 0);
  const answered = count(/\[200\]\s+(\d+) responses/g, statuses);
  const others = count(/\[\d+\]\s+(\d+) responses/g, statuses) - answered;
  return { answered, failed: others + count(/^\s+\[(\d+)\]/gm, errors) };
}

/** Sockets of one process: open until it is told to go. */
interface Held {
  readonly sockets: readonly NotedSocket[];
  /** When its successor was started, by `performance.now()`. */
  upgradedAt: number;
}

async function hold(url: string): Promise<Held> {
  const sockets = await Promise.all(Array.from({ length: SOCKETS }, () => NotedSocket.open(url)));
  return { sockets, upgradedAt: Number.POSITIVE_INFINITY };
}

/** Ten upgrades, one after the other, under load and with WebSockets open. */
async function upgrades(threads: number, keepsAlive: boolean): Promise<{ answered: number; failed: number }> {
  await using origin = startOrigin();
  using folder = temporaryFolder();
  const file = join(folder.path, "conf.yaml");
  const lines = [
    "bind: 127.0.0.1:0",
    `upstream: 127.0.0.1:${origin.port}`,
    `threads: ${threads}`,
    `upgrade_sock: ${join(folder.path, "upgrade.sock")}`,
    "grace_period_seconds: 2",
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  const options = { env: { RUNTIME_DIRECTORY: join(folder.path, "run") } };
  const runs: BinaryRun[] = [await startBinary(["-c", file], options)];
  try {
    const address = `127.0.0.1:${(await listeningAt(runs[0] as BinaryRun)).port}`;
    const load = new Load(`http://${address}/`, keepsAlive);
    const all = [await hold(`ws://${address}/`)];
    for (let count = 0; count < UPGRADES; count++) {
      const old = runs.at(-1) as BinaryRun;
      const held = all.at(-1) as Held;
      for (const socket of held.sockets) await socket.echo();
      expect(held.sockets.every(({ closeCode }) => closeCode === undefined)).toBe(true);
      held.upgradedAt = performance.now();
      const next = await startBinary(["-c", file, "-u"], options);
      runs.push(next);
      expect(`127.0.0.1:${(await listeningAt(next)).port}`).toBe(address);
      // The old one takes no connections any more when it has gone: a WebSocket that is opened then is the new one's.
      expect((await old.exited()).code).toBe(0);
      all.push(await hold(`ws://${address}/`));
    }
    await until(() => origin.requests > REQUESTS * 1.02, `${REQUESTS} requests`, 120_000);
    const found = await load.stop();
    for (const { sockets, upgradedAt } of all.slice(0, -1)) {
      expect(sockets.map(({ closeCode }) => closeCode)).toEqual(sockets.map(() => 1001));
      expect(sockets.filter(({ closedAt }) => closedAt < upgradedAt)).toEqual([]);
    }
    for (const { socket } of all.at(-1)?.sockets ?? []) socket.close();
    return found;
  } finally {
    await Promise.all(runs.map((run) => run[Symbol.asyncDispose]()));
  }
}

const MODES = [
  [1, true],
  [1, false],
  [2, true],
  [2, false],
] as const;

describe("ten upgrades under load", () => {
  test.each(MODES)("with tcp_migrate_req lose nothing: %i worker(s), keep-alive %p", async (threads, keepsAlive) => {
    if (!setMigrate("1")) console.warn(`${MIGRATE} cannot be set here: what fails is printed, and not held against it`);
    const { answered, failed } = await upgrades(threads, keepsAlive);
    console.log(
      `tcp_migrate_req ${canSet ? 1 : asFound}, ${threads} worker(s), keep-alive ${keepsAlive}: ${failed} failed, ${answered} answered`,
    );
    expect(answered).toBeGreaterThanOrEqual(REQUESTS);
    if (readFileSync(MIGRATE, "utf8").trim() === "1") expect(failed).toBe(0);
  });

  test.each(MODES.slice(0, 2))("without it: %i worker(s), keep-alive %p", async (threads, keepsAlive) => {
    setMigrate("0");
    const { answered, failed } = await upgrades(threads, keepsAlive);
    console.log(
      `tcp_migrate_req 0, ${threads} worker(s), keep-alive ${keepsAlive}: ${failed} failed, ${answered} answered`,
    );
    expect(answered).toBeGreaterThanOrEqual(REQUESTS);
    // The listener that closes resets what waits for it: few of a hundred thousand.
    expect(failed).toBeLessThan(REQUESTS / 100);
  });
});
