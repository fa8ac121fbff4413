import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readPageFile } from "../../../src/config/page-file.ts";
import { temporaryFolder } from "../../helpers/binary.ts";

test("a page is its bytes, with a type by its name, by its content where the name tells none, or as given", () => {
  using folder = temporaryFolder();
  const page = (name: string, bytes: Uint8Array | string, type?: string) => {
    writeFileSync(join(folder.path, name), bytes);
    const read = readPageFile(join(folder.path, name), type);
    return read.ok ? [read.value.contentType, read.value.content] : read.fault;
  };
  expect(page("a.html", "<p>ü")).toEqual(["text/html;charset=utf-8", "<p>\xc3\xbc"]);
  expect(page("a.json", "{}")).toEqual(["application/json;charset=utf-8", "{}"]);
  expect(page("a.png", new Uint8Array([0x89, 0, 0xff]))).toEqual(["image/png", "\x89\0\xff"]);
  expect(page("503", "gone")).toEqual(["text/plain; charset=utf-8", "gone"]);
  expect(page("blob", new Uint8Array([0xff]))).toEqual(["application/octet-stream", "\xff"]);
  expect(page("b.html", "x", "text/plain")).toEqual(["text/plain", "x"]);
  expect(page("empty.txt", "")).toEqual(["text/plain;charset=utf-8", ""]);
});

test("one that is too large, no file, or not there, is said to be so", () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "large.html");
  const fault = (where: string): string => {
    const read = readPageFile(where);
    return read.ok ? "" : read.fault;
  };
  writeFileSync(path, Buffer.alloc(1024 * 1024));
  expect(fault(path)).toBe("");
  writeFileSync(path, Buffer.alloc(1024 * 1024 + 1));
  expect(fault(path)).toBe("the file is larger than 1 MiB");
  expect(fault(folder.path)).toBe("this is a folder, not a file");
  expect(fault(join(folder.path, "none"))).toBe("there is no such file");
});
