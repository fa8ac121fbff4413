import { describe, expect, test } from "bun:test";
import { existsSync, linkSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PidFile, readPidFile } from "../../../src/process/pid-file.ts";
import { temporaryFolder } from "../../helpers/binary.ts";

const OWN = `${process.pid}\n`;

function opened(path: string, predecessor?: number): PidFile {
  const file = PidFile.open(path, predecessor === undefined ? {} : { predecessor });
  if (typeof file === "string") throw new Error(file);
  return file;
}

describe("a pid file", () => {
  test("names this process while it is held, for all to read, and is gone then", () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "g.pid");
    {
      using file = opened(path);
      file.write();
      expect(readFileSync(path, "utf8")).toBe(OWN);
      expect(statSync(path).mode & 0o777).toBe(0o644);
      expect(readPidFile(path)).toBe(process.pid);
    }
    expect(existsSync(path)).toBe(false);
    expect(readPidFile(path)).toBeUndefined();
  });

  test("that is held is not taken, and says by whom", () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "g.pid");
    using file = opened(path);
    file.write();
    expect(PidFile.open(path)).toBe(`${path} is held by process ${process.pid}, a gatekeeper that runs`);
    expect(PidFile.open(path, { predecessor: 1 })).toContain("is held by process");
    expect(readFileSync(path, "utf8")).toBe(OWN);
  });

  // The number may be that of any process by now; this one's is, and runs.
  test.each(["1\n", `${process.ppid}\n`, " 12 \n", "", "123456789012345\n"])(
    "that nobody holds is stale, whatever it says: %j",
    (text) => {
      using folder = temporaryFolder();
      const path = join(folder.path, "g.pid");
      writeFileSync(path, text);
      expect(readPidFile(path)).toBeUndefined();
      using file = opened(path);
      file.write();
      expect(readFileSync(path, "utf8")).toBe(OWN);
    },
  );

  test("is taken over beside the process that holds it, which then leaves it where it is", () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "g.pid");
    const old = opened(path);
    writeFileSync(path, "4711\n");
    using file = opened(path, 4711);
    // Until it has really taken over, the old one's number stands there.
    expect(readFileSync(path, "utf8")).toBe("4711\n");
    file.write();
    expect(readPidFile(path)).toBe(process.pid);
    writeFileSync(path, "4712\n");
    old[Symbol.dispose]();
    expect(readFileSync(path, "utf8")).toBe("4712\n");
    expect(PidFile.open(path)).toContain("held by process 4712");
  });

  test("is not believed about a process that does not hold it, whoever else does", () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "g.pid");
    using file = opened(path);
    file.write();
    writeFileSync(path, `${process.ppid}\n`);
    expect(readPidFile(path)).toBeUndefined();
    file.write();
    expect(readPidFile(path)).toBe(process.pid);
  });

  test("that was moved away or replaced is left to whoever did so", () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "g.pid");
    const file = opened(path);
    file.write();
    Bun.spawnSync(["mv", path, `${path}.old`]);
    writeFileSync(path, OWN);
    file[Symbol.dispose]();
    expect(existsSync(path)).toBe(true);
  });

  test("is not written where something else stands: a slip is not to cost a file", () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "conf.yaml");
    writeFileSync(path, "bind: :80\n");
    expect(PidFile.open(path)).toBe(`${path} holds something else than a process id`);
    expect(readFileSync(path, "utf8")).toBe("bind: :80\n");
  });

  test("is no link and no second name of another file, which would be written to", () => {
    using folder = temporaryFolder();
    const victim = join(folder.path, "victim");
    writeFileSync(victim, "precious");
    const path = join(folder.path, "g.pid");
    symlinkSync(victim, path);
    expect(PidFile.open(path)).toContain("cannot be written");
    linkSync(victim, join(folder.path, "hard.pid"));
    expect(PidFile.open(join(folder.path, "hard.pid"))).toContain("another name");
    expect(PidFile.open(folder.path)).toContain("cannot be written");
    expect(PidFile.open(join(folder.path, "none", "g.pid"))).toContain("ENOENT");
    expect(readFileSync(victim, "utf8")).toBe("precious");
  });
});
