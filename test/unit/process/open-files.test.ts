import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openFilesLimit, openFilesNote } from "../../../src/process/open-files.ts";
import { temporaryFolder } from "../../helpers/binary.ts";

function limitIn(text: string): number | undefined {
  using folder = temporaryFolder();
  const file = join(folder.path, "limits");
  writeFileSync(file, text);
  return openFilesLimit(file);
}

test("the soft limit of open files is read as Linux tells it", () => {
  const line = (soft: string) =>
    `Limit                     Soft Limit           Hard Limit           Units     \n` +
    `Max processes             7                    8                    processes \n` +
    `Max open files            ${soft.padEnd(20)} 524288               files     \n`;
  expect(limitIn(line("1024"))).toBe(1024);
  expect(limitIn(line("unlimited"))).toBe(Number.POSITIVE_INFINITY);
  expect(limitIn("something else\n")).toBeUndefined();
  expect(openFilesLimit("/nonexistent/limits")).toBeUndefined();
});

test("a low limit of open files is told with what it is enough for, and how there is more", () => {
  const any = { maxConnections: 0, threads: 1 };
  expect(openFilesNote(any, 1024)).toContain("1024 files open, enough for about 462 proxied connections");
  expect(openFilesNote(any, 1024)).toContain("LimitNOFILE=");
  expect(openFilesNote(any, 50)).toContain("about 0 proxied");
  expect(openFilesNote(any, 9_999)).toBeDefined();
  expect(openFilesNote(any, 10_000)).toBeUndefined();
  expect(openFilesNote(any, Number.POSITIVE_INFINITY)).toBeUndefined();
});

test("what is enough for max_connections is not low, and what is not enough is, however high it is", () => {
  expect(openFilesNote({ maxConnections: 400, threads: 1 }, 1024)).toBeUndefined();
  expect(openFilesNote({ maxConnections: 500, threads: 1 }, 1024)).toContain("max_connections is 500");
  expect(openFilesNote({ maxConnections: 500, threads: 2 }, 1024)).toBeUndefined();
  expect(openFilesNote({ maxConnections: 10_000, threads: 1 }, 20_000)).toBeDefined();
});
