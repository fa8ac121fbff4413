import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LineLog, type LineLogEvents } from "../../../src/observe/line-log.ts";

const folder = mkdtempSync(join(tmpdir(), "line-log-"));
afterAll(() => rmSync(folder, { recursive: true }));

function openLog(path: string, events: Partial<LineLogEvents> = {}): LineLog {
  return new LineLog(
    { type: "file", path, rolling: undefined },
    {
      onFailure() {},
      onRollFailure() {},
      onLoss() {},
      dropped: (count) => `${count} lost\n`,
      ...events,
    },
  );
}

function linesOf(path: string): readonly string[] {
  return readFileSync(path, "utf8").trimEnd().split("\n");
}

describe("a log", () => {
  test("keeps every line in order, and writes what is left when it is closed", async () => {
    const path = join(folder, "order.log");
    {
      await using log = openLog(path);
      for (let i = 0; i < 2000; i++) {
        log.write(`${i}\n`);
        if (i % 500 === 0) await log.flush();
      }
      expect(log.dropped).toBe(0);
    }
    expect(linesOf(path)).toEqual(Array.from({ length: 2000 }, (_, i) => String(i)));
    // Only its owner and group may read what requests were about.
    expect(statSync(path).mode & 0o007).toBe(0);
  });

  test("writes by itself", async () => {
    const path = join(folder, "itself.log");
    await using log = openLog(path);
    log.write("line\n");
    while (!(await Bun.file(path).exists()) || Bun.file(path).size === 0) await Bun.sleep(5);
    expect(linesOf(path)).toEqual(["line"]);
  });

  test("appends, and opens its file anew when it is told to", async () => {
    const path = join(folder, "moved.log");
    await Bun.write(path, "old\n");
    await using log = openLog(path);
    log.write("1\n");
    await log.flush();
    renameSync(path, `${path}.1`);
    log.write("2\n");
    await log.reopen();
    log.write("3\n");
    await log.flush();
    expect(linesOf(`${path}.1`)).toEqual(["old", "1", "2"]);
    expect(linesOf(path)).toEqual(["3"]);
  });

  test("that cannot be written to loses lines, says why once, and tells of them when it can be", async () => {
    const path = join(folder, "later", "a.log");
    const reasons: string[] = [];
    const losses: number[] = [];
    await using log = openLog(path, {
      onFailure: (reason) => reasons.push(reason),
      onLoss: (count) => losses.push(count),
    });
    for (let i = 0; i < 3; i++) {
      log.write("line\n");
      await log.flush();
    }
    expect([log.dropped, reasons.length]).toEqual([3, 1]);
    expect(reasons[0]).toContain("ENOENT");
    await Bun.write(join(folder, "later", "b"), "");
    log.write("again\n");
    await log.flush();
    expect(linesOf(path)).toEqual(["3 lost", "again"]);
    expect(losses).toEqual([3]);
  });

  test("goes on in a new line where one was cut by a full disk", async () => {
    const path = join(folder, "full.log");
    const script = join(import.meta.dir, "../../helpers/full-disk.ts");
    // Files may have so many bytes there, and no more.
    const run = Bun.spawn(["sh", "-c", 'trap "" XFSZ; ulimit -f 1; exec "$0" "$@"', process.execPath, script, path]);
    expect(await run.exited).toBe(0);
    const lines = linesOf(path);
    expect(lines.at(-1)).toBe("after");
    expect(lines.at(-2)).toMatch(/^x{1,49}$/);
    for (const line of lines.slice(0, -2)) expect(line).toBe("x".repeat(50));
  });

  test("whose output takes nothing stays bounded, and can still be closed", async () => {
    const path = join(folder, "fifo");
    expect(Bun.spawnSync(["mkfifo", path]).success).toBe(true);
    // Open for reading, and never read.
    const reader = Bun.spawn(["sh", "-c", 'exec 3<>"$0"; exec sleep 30', path]);
    try {
      const log = openLog(path);
      const long = `${"x".repeat(10_000)}\n`;
      for (let i = 0; i < 2000; i++) if (!log.isFull()) log.write(long);
      expect(log.dropped).toBeGreaterThan(1000);
      const before = performance.now();
      await log[Symbol.asyncDispose]();
      expect(performance.now() - before).toBeLessThan(4000);
    } finally {
      reader.kill();
      await reader.exited;
    }
  });
});
