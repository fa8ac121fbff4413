import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runBinary, temporaryFolder } from "../helpers/binary.ts";

// The executable is built first.
setDefaultTimeout(60_000);

interface Said {
  readonly code: number;
  readonly text: string;
}

/** What `systemd-analyze` says of a unit, on both streams. */
async function analyze(...words: readonly string[]): Promise<Said> {
  const run = Bun.spawn(["systemd-analyze", ...words], { stdout: "pipe", stderr: "pipe" });
  const [out, errors] = await Promise.all([new Response(run.stdout).text(), new Response(run.stderr).text()]);
  return { code: await run.exited, text: `${out}${errors}` };
}

const FLAGS = ["--bind", ":80", "--upstream", ":3000"];

describe("the unit that is printed", () => {
  test.each([
    ["flags", FLAGS],
    ["a user", [...FLAGS, "--user", "www-data"]],
    [
      "odd words",
      ["--bind", "unix//run/a b/s.sock", "--upstream", ":3000", "--access-log", '/srv/1% $x "y" \\z/a.log'],
    ],
    ["a file", ["-c", "conf.yaml"]],
    ["a log in a folder of its own", [...FLAGS, "--access-log", "/srv/my logs/a.log"]],
  ])("is accepted by systemd without a warning: %s", async (_, words) => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, "conf.yaml"), "bind: :80\nupstream: :3000\ndaemon: true\nthreads: 2\n");
    const { code, stdout, stderr } = await runBinary(["service", ...words], { cwd: folder.path });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const unit = join(folder.path, "gatekeeper.service");
    writeFileSync(unit, stdout);
    expect(await analyze("verify", unit)).toEqual({ code: 0, text: "" });
  });

  test("is told to be well closed off: an exposure under 2.0, of which the README tells", async () => {
    using folder = temporaryFolder();
    const unit = join(folder.path, "gatekeeper.service");
    writeFileSync(unit, (await runBinary(["service", ...FLAGS])).stdout);
    const { code, text } = await analyze("security", "--offline=yes", "--threshold=20", "--no-pager", unit);
    expect(text).toContain("Overall exposure level for gatekeeper.service: 1.");
    expect(code).toBe(0);
  });

  test("is printed for a file that is not there yet as well, and that is told", async () => {
    const { code, stdout, stderr } = await runBinary(["service", "-c", "/nowhere/gatekeeper.yaml"]);
    expect(code).toBe(0);
    expect(stdout).toContain(" -c /nowhere/gatekeeper.yaml\n");
    expect(stderr).toContain("there is no such file");
  });

  test.each(["-d", "-t", "-u"])("starts nothing with %s", async (flag) => {
    const { code, stdout, stderr } = await runBinary(["service", ...FLAGS, flag]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("a unit starts a process that serves in the foreground");
  });
});
