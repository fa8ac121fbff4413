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
  expect(openFilesNote(1024)).toContain("1024 files open, enough for about 462 proxied connections");
  expect(openFilesNote(1024)).toContain("LimitNOFILE=");
  expect(openFilesNote(50)).toContain("about 0 proxied");
  expect(openFilesNote(9_999)).toBeDefined();
  expect(openFilesNote(10_000)).toBeUndefined();
  expect(openFilesNote(Number.POSITIVE_INFINITY)).toBeUndefined();
});
