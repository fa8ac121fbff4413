import { expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, readlinkSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FileWatcher } from "../../../src/process/file-watcher.ts";
import { watchPoints } from "../../../src/process/watch-points.ts";
import { temporaryFolder } from "../../helpers/binary.ts";
import { RecordingLog } from "../../helpers/proxy.ts";

setDefaultTimeout(20_000);

const QUIET_MS = 20;

interface Watching extends Disposable {
  readonly log: RecordingLog;
  /** Resolves at the next change; rejects where none comes. */
  changed(): Promise<void>;
  /** How many changes have come. */
  readonly count: () => number;
}

function watching(files: readonly string[], awayMs = 5_000): Watching {
  const log = new RecordingLog();
  let count = 0;
  let wake = (): void => {};
  const watcher = new FileWatcher({
    log,
    quietMs: QUIET_MS,
    awayMs,
    changed: () => {
      count++;
      wake();
    },
  });
  // All were made before: that is no change.
  watcher.watch(files, Date.now() + 1_000);
  return {
    log,
    count: () => count,
    async changed() {
      const before = count;
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      wake = resolve;
      const timer = setTimeout(() => reject(new Error("no change was seen")), 3_000);
      if (count > before) resolve();
      await promise;
      clearTimeout(timer);
    },
    [Symbol.dispose]: () => watcher[Symbol.dispose](),
  };
}

/** Long enough for a change to be seen. */
const settle = (): Promise<void> => Bun.sleep(QUIET_MS * 8);

test("a file that is written in place, or renamed over, has changed; each once", async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, "conf.yaml");
  writeFileSync(file, "a");
  using watcher = watching([file]);
  let seen = watcher.changed();
  writeFileSync(file, "b");
  await seen;
  seen = watcher.changed();
  writeFileSync(`${file}~`, "c");
  renameSync(`${file}~`, file);
  await seen;
  seen = watcher.changed();
  // As vim does.
  renameSync(file, `${file}~`);
  await settle();
  writeFileSync(file, "d");
  await seen;
  await settle();
  expect(watcher.count()).toBe(3);
});

test("one that was changed after it was read and before it was watched has changed", async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, "conf.yaml");
  const before = Date.now();
  await Bun.sleep(30);
  writeFileSync(file, "a");
  const { promise, resolve } = Promise.withResolvers<void>();
  using watcher = new FileWatcher({ log: new RecordingLog(), quietMs: QUIET_MS, changed: resolve });
  watcher.watch([file], before);
  await promise;
});

test("the same content, and other files in the folder, change nothing", async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, "conf.yaml");
  writeFileSync(file, "a");
  using watcher = watching([file]);
  writeFileSync(file, "a");
  writeFileSync(join(folder.path, "access.log"), "x");
  await settle();
  expect(watcher.count()).toBe(0);
});

test("Kubernetes turns a link to another folder", async () => {
  using folder = temporaryFolder();
  const at = (name: string): string => join(folder.path, name);
  mkdirSync(at("..1"));
  writeFileSync(at("..1/conf.yaml"), "a");
  symlinkSync("..1", at("..data"));
  symlinkSync("..data/conf.yaml", at("conf.yaml"));
  using watcher = watching([at("conf.yaml")]);
  for (const [name, content] of [
    ["..2", "b"],
    ["..3", "c"],
  ] as const) {
    const seen = watcher.changed();
    mkdirSync(at(name));
    writeFileSync(at(`${name}/conf.yaml`), content);
    const before = readlinkSync(at("..data"));
    symlinkSync(name, at("..tmp"));
    renameSync(at("..tmp"), at("..data"));
    rmSync(at(before), { recursive: true });
    await seen;
  }
  expect(watcher.count()).toBe(2);
});

test("a folder on the way is put in the place of another", async () => {
  using folder = temporaryFolder();
  const at = (name: string): string => join(folder.path, name);
  mkdirSync(at("live/conf"), { recursive: true });
  writeFileSync(at("live/conf/a.yaml"), "a");
  using watcher = watching([at("live/conf/a.yaml")]);
  let seen = watcher.changed();
  mkdirSync(at("next/conf"), { recursive: true });
  writeFileSync(at("next/conf/a.yaml"), "b");
  renameSync(at("live"), at("old"));
  renameSync(at("next"), at("live"));
  await seen;
  // The new one is watched from then on.
  seen = watcher.changed();
  writeFileSync(at("live/conf/a.yaml"), "c");
  await seen;
  expect(watcher.count()).toBe(2);
});

test("a file that is gone is waited for, then told of once, and its coming back with other content is a change", async () => {
  using folder = temporaryFolder();
  const [file, other] = [join(folder.path, "a.yaml"), join(folder.path, "b.yaml")];
  writeFileSync(file, "a");
  writeFileSync(other, "b");
  using watcher = watching([file, other], 100);
  unlinkSync(file);
  await watcher.log.until(() => watcher.log.lines.length > 0, "the warning");
  expect(watcher.count()).toBe(0);
  let seen = watcher.changed();
  writeFileSync(other, "b2");
  await seen;
  seen = watcher.changed();
  writeFileSync(file, "a2");
  await seen;
  expect(watcher.log.lines.map(({ message }) => message)).toEqual(["a watched file is gone; the configuration stays"]);
});

test("what is to be watched are the folders and links on the way, by the names that lead on", () => {
  using folder = temporaryFolder();
  const at = (name: string): string => join(folder.path, name);
  mkdirSync(at("1"));
  writeFileSync(at("1/a.yaml"), "");
  symlinkSync("1", at("current"));
  const points = watchPoints([at("current/a.yaml")]);
  expect([...(points.get(folder.path) ?? [])]).toEqual(["current", "1"]);
  expect([...(points.get(at("1")) ?? [])]).toEqual(["a.yaml"]);
  expect(points.has("/")).toBe(true);
  symlinkSync("loop", at("loop"));
  expect(() => watchPoints([at("loop/x")])).not.toThrow();
});
