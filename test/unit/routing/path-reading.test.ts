import { expect, test } from "bun:test";
import { cleanPath, foldPath, PathReading } from "../../../src/routing/path-reading.ts";
import { bestOf } from "../../helpers/best-of.ts";

test.each([
  ["/", "/"],
  ["/a/b.c", "/a/b.c"],
  ["/.well-known/x", "/.well-known/x"],
  ["/a..b/...", "/a..b/..."],
  ["/A//b/./c/../d/", "/a/b/d/"],
  ["/..", "/"],
  ["/../../a", "/a"],
  ["/a/.", "/a"],
  ["/a/./", "/a/"],
  ["/%41%2F%2e%2e%2fb", "/b"],
  ["/%C3%9C", "/ü"],
  ["/%zz%41", "/%zza"],
  ["/%ff%41", "/\ufffda"],
  ["/%C3%BC%ff%4", "/ü\ufffd%4"],
  ["*", "*"],
  ["", ""],
])("%j is read as %j", (path, read) => expect(foldPath(path)).toBe(read));

test.each([
  ["/a//b", "/a//b"],
  ["//", "//"],
  ["/a//", "/a//"],
  ["/a//../b", "/a/b"],
  ["/a/.//b/", "/a//b/"],
  ["/", "/"],
])("with slashes kept %j is cleaned to %j", (path, cleaned) => expect(cleanPath(path, "keep")).toBe(cleaned));

test("a usual path comes back as it is", () => {
  expect(foldPath("/api/v1/users-42_x.json~;a=b")).toBe("/api/v1/users-42_x.json~;a=b");
});

test("the longest and oddest of paths are read in little time", async () => {
  const paths = ["%ffA", "%C3%9C", "/..", "//", "%zz", "/%2e"].map((piece) => `/${piece.repeat(4000)}`);
  const reading = (): number => {
    const started = performance.now();
    for (let round = 0; round < 10; round++) for (const path of paths) foldPath(path);
    return (performance.now() - started) / 60;
  };
  expect(await bestOf(20, reading)).toBeLessThan(20);
});

test("a path is read once, however often it is asked for", () => {
  let reads = 0;
  const reading = new PathReading((path) => {
    reads++;
    return path.toUpperCase();
  });
  expect(["/a", "/a", "/b", "/b"].map((path) => reading.of(path))).toEqual(["/A", "/A", "/B", "/B"]);
  expect(reads).toBe(2);
});
