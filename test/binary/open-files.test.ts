import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binaryPath, type BinaryRun, listeningAt, runBinary, startBinary, temporaryFolder } from "../helpers/binary.ts";
import { type RawAnswer, RawClient } from "../helpers/raw-client.ts";
import { startStreamsOrigin, until } from "../helpers/streams.ts";
import { bestOf } from "../helpers/best-of.ts";

// The executable is built first.
setDefaultTimeout(30_000);

/** util-linux: sets limits and becomes what it is told. */
const PRLIMIT = "/usr/bin/prlimit";
const FORWARD = ["--bind", "127.0.0.1:0", "--upstream", "127.0.0.1:1"];

/** The executable with limits of open files, soft and hard. */
async function startLimited(limits: string, ...args: string[]): Promise<BinaryRun> {
  return await startBinary([`--nofile=${limits}`, await binaryPath(), ...args], { binary: PRLIMIT });
}

function softLimit(pid: number): number {
  return Number(/^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, "utf8"))?.[1]);
}

describe("the limit of open files", () => {
  test.each([1, 2])("is as high as it may be in all processes of %p workers", async (threads) => {
    await using run = await startLimited("200:3000", "--threads", String(threads), ...FORWARD);
    await listeningAt(run);
    const children = readFileSync(`/proc/${run.pid}/task/${run.pid}/children`, "utf8");
    const workers = children.split(" ").filter(Boolean).map(Number);
    expect(workers).toHaveLength(threads === 1 ? 0 : threads);
    expect([run.pid, ...workers].map(softLimit)).toEqual(Array(1 + workers.length).fill(3000));
  });

  test("is told when it is low, by the log and by -t", async () => {
    await using run = await startLimited("200:3000", ...FORWARD);
    await listeningAt(run);
    expect(run.stderr()).toContain("each process can have 3000 files open");
    const tested = await runBinary(["--nofile=200:3000", await binaryPath(), "-t", ...FORWARD], { binary: PRLIMIT });
    expect(tested.code).toBe(0);
    expect(tested.stdout).toMatch(/^note: each process can have 3000 files open.*LimitNOFILE=/m);
  });

  test("is no matter when it is high", async () => {
    await using run = await startLimited("200:12000", ...FORWARD);
    await listeningAt(run);
    expect(run.stderr()).not.toContain("files open");
  });
});

const LIMIT = 128;
const SLOW = "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n";

/** Milliseconds of processor time that a process has had. Linux counts hundredths of seconds. */
function processorMs(pid: number): number {
  const [, ...fields] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
  const [user, system] = (fields.join("").split(" ") as string[]).slice(11, 13).map(Number);
  return ((user ?? 0) + (system ?? 0)) * 10;
}

function isOutOfFiles({ status, head }: RawAnswer): boolean {
  return status === 503 && head.text.includes("too_many_open_files");
}

async function answerOf(port: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/`, { keepalive: false, signal: AbortSignal.timeout(10_000) });
  await answer.text();
  return answer.status;
}

describe("at its limit of open files", () => {
  test("lets connections wait, stays calm, says so once, and serves all when others have gone", async () => {
    await using origin = startStreamsOrigin("o");
    await using run = await startLimited(
      `${LIMIT}:${LIMIT}`,
      "--bind",
      "127.0.0.1:0",
      "--upstream",
      `127.0.0.1:${origin.port}`,
    );
    const { port } = await listeningAt(run);
    await using clients = new AsyncDisposableStack();
    const answers: Promise<RawAnswer>[] = [];
    let answered = 0;
    for (let count = 0; count < 2 * LIMIT; count++) {
      const client = clients.use(await RawClient.connect(port));
      client.send(SLOW);
      const answer = client.answer();
      void answer.then(() => answered++);
      answers.push(answer);
    }
    await run.seen(/new connections wait until others have gone/);
    const computing = async (): Promise<number> => {
      const before = processorMs(run.pid);
      await Bun.sleep(1_000);
      return processorMs(run.pid) - before;
    };
    expect(await bestOf(500, computing)).toBeLessThan(500);
    const allAnswered = (): boolean => {
      origin.release();
      return answered === answers.length;
    };
    await until(allAnswered, "an answer to each", 20_000);
    for (const answer of await Promise.all(answers)) if (!isOutOfFiles(answer)) expect(answer.status).toBe(200);
    expect(await answerOf(port)).toBe(200);
    expect(run.stderr().match(/nearly as many files are open/g)).toHaveLength(1);
  });

  test("has files left for a reload when half heads have taken all others", async () => {
    await using origin = startStreamsOrigin("o");
    using folder = temporaryFolder();
    const file = join(folder.path, "conf.yaml");
    writeFileSync(file, `bind: 127.0.0.1:0\nupstream: 127.0.0.1:${origin.port}\n`);
    await using run = await startLimited(`${LIMIT}:${LIMIT}`, "-c", file);
    const { port } = await listeningAt(run);
    await using clients = new AsyncDisposableStack();
    for (let count = 0; count < 2 * LIMIT; count++) {
      clients.use(await RawClient.connect(port)).send(SLOW.slice(0, -2));
    }
    await run.seen(/new connections wait until others have gone/);
    // Looks a few times more whether it may take others.
    await Bun.sleep(300);
    run.signal("SIGHUP");
    await run.seen(/configuration reloaded/);
    expect(run.stderr()).not.toContain("EMFILE");
  });

  test("neither strikes a peer nor takes it for down when it cannot dial", async () => {
    await using origin = startStreamsOrigin("o");
    const care = ["--hc-freq", "1", "--fail-duration", "60s", "--log-level", "debug"];
    const args = ["--bind", "127.0.0.1:0", "--upstream", `127.0.0.1:${origin.port}`, ...care];
    await using run = await startLimited(`${LIMIT}:${LIMIT}`, ...args);
    const { port } = await listeningAt(run);
    await using clients = new AsyncDisposableStack();
    // Connections that are served already, so that they get past the listener: each needs a second one when it asks.
    const opened: RawClient[] = [];
    for (let count = 0; count < LIMIT * 0.7; count++) {
      const client = clients.use(await RawClient.connect(port));
      expect((await client.request("GET", "/", ["Host: x"])).status).toBe(200);
      opened.push(client);
    }
    let refused = 0;
    for (const client of opened) {
      client.send(SLOW);
      void client.answer().then((answer) => (refused += isOutOfFiles(answer) ? 1 : 0));
    }
    await until(() => refused > 0, "a refusal");
    // Long enough for a check of the peer to fail.
    await Bun.sleep(1_500);
    expect(run.stderr()).not.toMatch(/peer is down|suspect/);
    origin.release();
    expect(await answerOf(port)).toBe(200);
  });
});
