import { afterEach, describe, expect, jest, test } from "bun:test";
import { readdirSync } from "node:fs";
import { mayOpen, OpenFilesWatch, reservedOf } from "../../../src/process/open-files-watch.ts";

test("what is kept for others than clients is an eighth, within bounds", () => {
  expect([64, 1024, 4096, 20_000, 1_048_576].map(reservedOf)).toEqual([16, 128, 512, 1024, 1024]);
});

test("connections are taken again with some room beyond the reserve, or any where nothing is open", () => {
  expect(mayOpen(128, 128, 5)).toBe(false);
  expect(mayOpen(191, 128, 5)).toBe(false);
  expect(mayOpen(192, 128, 5)).toBe(true);
  expect(mayOpen(17, 128, 0)).toBe(false);
  expect(mayOpen(18, 128, 0)).toBe(true);
});

describe("the watch", () => {
  afterEach(() => void jest.useRealTimers());

  test("closes the gate where few files are left, and idle connections then; says so once a minute; opens its gate at the end", async () => {
    jest.useFakeTimers();
    const done: string[] = [];
    let isClosed = false;
    const gate = {
      get isClosed() {
        return isClosed;
      },
      prepare: () => Promise.resolve(),
      close: (names: readonly unknown[]) => {
        done.push(`close ${names.join(" ")}`);
        return (isClosed = true);
      },
      open: () => void (isClosed = false),
      [Symbol.dispose]: () => void done.push("disposed"),
    };
    const listener = { socketName: 80, open: 3, closeIdle: () => done.push("idle") };
    const warned: string[] = [];
    const log = { error() {}, warn: (text: string) => warned.push(text), info() {}, debug() {}, debugEnabled: false };
    // This process has more open than that already.
    const openFiles = (): number => readdirSync("/proc/self/fd").length;
    const ownFiles = openFiles();
    const watch = new OpenFilesWatch({ limit: 10, gate, listeners: () => [listener], log });
    expect(openFiles() - ownFiles).toBe(16);
    const turn = async (ms: number): Promise<void> => {
      jest.advanceTimersByTime(ms);
      await Promise.resolve();
      await Promise.resolve();
      await Promise.resolve();
    };
    expect(done).toEqual([]);
    await turn(250);
    expect(done).toEqual(["close 80"]);
    // What was kept is for others now.
    expect(openFiles()).toBe(ownFiles);
    await turn(50);
    expect(done).toEqual(["close 80", "idle", "close 80"]);
    gate.open();
    await turn(50);
    await turn(50);
    expect(warned).toEqual([expect.stringContaining("new connections wait until others have gone")]);
    watch[Symbol.dispose]();
    const before = done.length;
    await turn(1_000);
    expect(done.slice(before - 1)).toEqual(["disposed"]);
  });
});
