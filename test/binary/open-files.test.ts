import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { binaryPath, type BinaryRun, listeningAt, runBinary, startBinary } from "../helpers/binary.ts";

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
