import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { currentCommit, ROOT } from "../../scripts/compile.ts";
import { repeat, timeToServe, timeToVersion } from "../../scripts/startup.ts";
import { binaryPath, listeningAt, runBinary, startBinary, temporaryFolder } from "../helpers/binary.ts";

// Each wait has a deadline of its own; this is for a test that hangs. Five seconds, the default, are too few here.
setDefaultTimeout(30_000);

async function buildScript(...args: readonly string[]): Promise<{ code: number; stderr: string }> {
  const script = join(ROOT, "scripts/build.ts");
  const child = Bun.spawn([process.execPath, script, ...args], { stdout: "ignore", stderr: "pipe" });
  return { stderr: await new Response(child.stderr).text(), code: await child.exited };
}

describe("the executable", () => {
  // Building takes a second on a slow disk; none of the tests below is about that.
  beforeAll(async () => void (await binaryPath()));

  test("says its version, its commit and its Bun", async () => {
    const { code, stdout } = await runBinary(["--version"]);
    expect(code).toBe(0);
    expect(stdout).toContain(manifest.version);
    expect(stdout).toContain(Bun.version);
    const built = process.env["GATEKEEPER_BINARY"] === undefined;
    expect(stdout).toMatch(built ? new RegExp(`${await currentCommit()}`) : /\b(?:[\da-f]{7,}|unknown)\b/);
  });

  test("does not read .env or bunfig.toml of the folder it is started in", async () => {
    using folder = temporaryFolder();
    await Bun.write(join(folder.path, "bunfig.toml"), 'preload = ["./crash.ts"]\n');
    await Bun.write(join(folder.path, "crash.ts"), 'throw new Error("the preload ran");\n');
    // Were it read, this level would silence the line that says where it listens.
    await Bun.write(join(folder.path, ".env"), "GATEKEEPER_LOG=off\n");
    const args = ["--bind", "127.0.0.1:0", "--upstream", "127.0.0.1:1"];
    await using run = await startBinary(args, { cwd: folder.path, env: { GATEKEEPER_LOG: undefined } });
    expect((await listeningAt(run)).port).toBeGreaterThan(0);
    expect(run.stderr()).not.toContain("preload");
  });

  test("serves soon after exec", async () => {
    const binary = await binaryPath();
    const serving = await repeat(5, () => timeToServe(binary));
    const version = await repeat(5, () => timeToVersion(binary));
    // `bun run scripts/startup.ts` prints the figures. Here the machine may be busy, so only a start that
    // does many times the work of starting the runtime counts as slow.
    expect(serving.min).toBeLessThan(version.min * 15);
  });
});

describe("the build script", () => {
  test("builds a named target with sums that sha256sum accepts", async () => {
    using folder = temporaryFolder();
    const own = `${process.platform}-${process.arch}`;
    expect(await buildScript("--target", own, "--outdir", folder.path)).toEqual({ code: 0, stderr: "" });
    const check = Bun.spawn(["sha256sum", "-c", "SHA256SUMS"], { cwd: folder.path, stdout: "pipe" });
    expect(await new Response(check.stdout).text()).toBe(`gatekeeper-${own}: OK\n`);
    const found = await Array.fromAsync(new Bun.Glob("*").scan({ cwd: folder.path }));
    expect(found.toSorted()).toEqual(["SHA256SUMS", `gatekeeper-${own}`]);
  });

  test("refuses a target it does not know, and names those it does", async () => {
    const { code, stderr } = await buildScript("--target", "plan9-x64");
    expect(code).toBe(2);
    expect(stderr).toContain("plan9-x64");
    expect(stderr).toContain("linux-arm64-musl");
  });
});
