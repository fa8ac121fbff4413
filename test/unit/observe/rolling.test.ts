import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { LineLog } from "../../../src/observe/line-log.ts";
import { Rolling, type RollingOptions } from "../../../src/observe/rolling.ts";

setDefaultTimeout(30_000);

let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "rolling-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const OPTIONS: RollingOptions = { sizeBytes: 100, keep: 0, keepForMs: 0, compresses: false };
const NOW = new Date("2026-11-25T22:10:00.123Z");

function path(name = "access.log"): string {
  return join(folder, name);
}

function openLog(options: Partial<RollingOptions> = {}, reasons: string[] = [], at = path()): LineLog {
  return new LineLog(
    { type: "file", path: at, rolling: { ...OPTIONS, ...options } },
    {
      onFailure: (reason) => reasons.push(reason),
      onRollFailure: (reason) => reasons.push(reason),
      onLoss() {},
      dropped: () => "",
    },
  );
}

function inode(): number {
  return statSync(path()).ino;
}

/** The text of all files, in the order of their names, the one in use last. */
function texts(): readonly string[] {
  const aside = readdirSync(folder)
    .filter((name) => name !== "access.log")
    .sort();
  return [...aside, "access.log"].map((name) => readFileSync(path(name), "utf8"));
}

describe("a file that is full", () => {
  test("is put aside before it grows past its size, and no line is lost", async () => {
    {
      await using log = openLog();
      for (let i = 0; i < 20; i++) {
        log.write(`${String(i).padStart(29, "0")}\n`);
        await log.flush();
      }
    }
    const all = texts();
    expect(all.map((text) => text.length)).toEqual([90, 90, 90, 90, 90, 90, 60]);
    expect(all.join("").trimEnd().split("\n").map(Number)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  test("has the time in its name, and never that of another one", async () => {
    const rolling = new Rolling(path(), OPTIONS);
    for (let i = 0; i < 3; i++) {
      await Bun.write(path(), `${i}`.repeat(100));
      expect(await rolling.isFreed(inode(), 10, NOW)).toBe(true);
    }
    rolling[Symbol.dispose]();
    const names = readdirSync(folder).sort();
    expect(names).toHaveLength(3);
    for (const name of names) expect(name).toMatch(/^access-2026-11-25T22-10-00\.12[345]\.log$/);
  });

  test("of one batch that is larger than the size is left alone", async () => {
    await using log = openLog();
    log.write(`${"x".repeat(500)}\n`);
    await log.flush();
    expect(readdirSync(folder)).toEqual(["access.log"]);
  });

  test("grows where it cannot be put aside, and that is said once", async () => {
    const reasons: string[] = [];
    // With a time in it the name would be too long.
    const long = path(`${"a".repeat(240)}.log`);
    await using log = openLog({}, reasons, long);
    for (let i = 0; i < 3; i++) {
      log.write(`${"x".repeat(89)}\n`);
      await log.flush();
    }
    expect(readdirSync(folder)).toHaveLength(1);
    expect(statSync(long).size).toBe(270);
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toContain("ENAMETOOLONG");
    expect(log.dropped).toBe(0);
  });
});

test("a file that was moved away is written anew, without a signal", async () => {
  await using log = openLog({ sizeBytes: 0, lookEveryMs: 0 });
  log.write("1\n");
  await log.flush();
  renameSync(path(), path("access.log.1"));
  log.write("2\n");
  await log.flush();
  expect([readFileSync(path("access.log.1"), "utf8"), readFileSync(path(), "utf8")]).toEqual(["1\n", "2\n"]);
});

test("several processes roll one file, and every line stands somewhere once, whole and in the order of its writer", async () => {
  const [writers, lines] = [4, 1500];
  const script = join(import.meta.dir, "../../helpers/rolling-writer.ts");
  const processes = Array.from({ length: writers }, (_, i) =>
    Bun.spawn([process.execPath, script, path(), "2000", `w${i}`, String(lines)], { stderr: "pipe" }),
  );
  for (const each of processes) {
    expect([await each.exited, await new Response(each.stderr).text()]).toEqual([0, ""]);
  }
  const files = readdirSync(folder);
  expect(files.length).toBeGreaterThanOrEqual(20);
  const found = texts().map((text) => text.trimEnd().split("\n"));
  const all = found.flat();
  expect(all).toHaveLength(writers * lines);
  expect(new Set(all).size).toBe(writers * lines);
  for (const each of all) expect(each).toMatch(/^w\d \d+$/);
  for (const file of found) {
    for (let i = 0; i < writers; i++) {
      const own = file.filter((line) => line.startsWith(`w${i} `)).map((line) => Number(line.slice(3)));
      expect(own).toEqual(own.toSorted((a, b) => a - b));
    }
  }
  // One may grow a little while another one looks.
  for (const text of texts()) expect(text.length).toBeLessThan(2000 * 2);
});

describe("what was put aside", () => {
  const old = (name: string, ageMs: number, text = "text\n"): void => {
    const at = new Date(NOW.getTime() - ageMs);
    Bun.spawnSync(["sh", "-c", 'printf %s "$1" > "$0"', path(name), text]);
    utimesSync(path(name), at, at);
  };
  const aside = (minute: number, end = ".log"): string =>
    `access-2026-11-25T21-${String(minute).padStart(2, "0")}-00.000${end}`;

  test("is removed where it is too much or too old, and nothing else is", async () => {
    for (let i = 1; i <= 5; i++) old(aside(i), 60_000 * (60 - i));
    old(aside(6), 60_000);
    old(aside(7, ".log.gz"), 86_400_000);
    for (const name of ["access.log", "access-old.log", "access-2026.log", "other-2026-11-25T21-01-00.000.log"])
      old(name, 1e9);
    await new Rolling(path(), { ...OPTIONS, keep: 4, keepForMs: 3_600_000 }).tidy(NOW);
    expect(readdirSync(folder).sort()).toEqual(
      [
        ...[4, 5, 6].map((minute) => aside(minute)),
        "access.log",
        "access-old.log",
        "access-2026.log",
        "other-2026-11-25T21-01-00.000.log",
      ].sort(),
    );
  });

  test("is compressed, when nobody writes to it any more", async () => {
    old(aside(1), 60_000, "one\n");
    old(aside(2), 0, "two\n");
    await new Rolling(path(), { ...OPTIONS, compresses: true }).tidy(NOW);
    expect(readdirSync(folder).sort()).toEqual([aside(1, ".log.gz"), aside(2)]);
    expect(gunzipSync(readFileSync(path(aside(1, ".log.gz")))).toString()).toBe("one\n");
    expect(statSync(path(aside(1, ".log.gz"))).mode & 0o007).toBe(0);
  });

  test("is left to the process that is at it, and taken over from one that is gone", async () => {
    old(aside(1), 60_000);
    old(aside(1, ".log.gz.part"), 0);
    utimesSync(path(aside(1, ".log.gz.part")), new Date(), new Date());
    const rolling = new Rolling(path(), { ...OPTIONS, compresses: true });
    await rolling.tidy(NOW);
    expect(existsSync(path(aside(1)))).toBe(true);
    utimesSync(path(aside(1, ".log.gz.part")), 0, 0);
    await rolling.tidy(NOW);
    await rolling.tidy(NOW);
    expect(readdirSync(folder)).toEqual([aside(1, ".log.gz")]);
  });

  test("is tidied by itself after a roll", async () => {
    await Bun.write(path(), "x".repeat(100));
    using rolling = new Rolling(path(), { ...OPTIONS, compresses: true }, 20);
    expect(await rolling.isFreed(inode(), 1, new Date())).toBe(true);
    const deadline = performance.now() + 5000;
    while (!readdirSync(folder).some((name) => name.endsWith(".gz")) && performance.now() < deadline)
      await Bun.sleep(5);
    await rolling.settled();
    expect(readdirSync(folder)).toHaveLength(1);
    expect(readdirSync(folder)[0]).toEndWith(".log.gz");
  });
});
