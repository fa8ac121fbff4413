import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { listeningAt, runBinary, startBinary, temporaryFolder } from "../helpers/binary.ts";

// Each wait has a deadline of its own; this is for a test that hangs. Five seconds, the default, are too few here.
setDefaultTimeout(30_000);

const TLS = join(import.meta.dir, "../golden/tls");

describe("what the executable says", () => {
  test.each(["-V", "--version"])("%s says version, commit and Bun", async (flag) => {
    const { code, stdout, stderr } = await runBinary([flag]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^gatekeeper \d+\.\d+\.\d+ \([\w.+-]+\) bun \d+\.\d+\.\d+\n$/);
    expect(stderr).toBe("");
  });

  test.each(["-h", "--help"])("%s goes to standard output, whatever else is wrong", async (flag) => {
    const { code, stdout, stderr } = await runBinary(["--frobnicate", flag]);
    expect(code).toBe(0);
    expect(stdout).toContain("--upstream ADDR");
    expect(stderr).toBe("");
  });

  test("a wrong command line and file: everything at once on standard error, exit code 2", async () => {
    using folder = temporaryFolder();
    await Bun.write(join(folder.path, "conf.yaml"), "threds: 2\n");
    const words = ["--bnid", ":80", "--upstream", "3000", "-c", "conf.yaml"];
    const { code, stdout, stderr } = await runBinary(words, { cwd: folder.path });
    expect(code).toBe(2);
    expect(stdout).toBe("");
    expect(stderr.trimEnd().split("\n")).toHaveLength(4);
    for (const part of ["did you mean --bind", "did you mean --upstream :3000", "conf.yaml:1:1 (threds)", "3 errors"]) {
      expect(stderr).toContain(part);
    }
  });

  test("-t says what it would do, and does not listen", async () => {
    using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
    const words = ["-t", "--ba", `127.0.0.1:${server.port}`, "--pa", "a:1", "--pa", "https://b", "--cp", "/up"];
    const { code, stdout, stderr } = await runBinary(words);
    expect(stderr).toBe("");
    // A note about the machine may follow.
    expect(stdout.replace(/^note: .*\n/m, "")).toBe(
      `configuration OK: would listen on http://127.0.0.1:${server.port}, forwarding /up to a:1, https://b:443\n`,
    );
    expect(code).toBe(0);
  });

  test("-t and -u of what is wrong do not count the address of the process that serves for a fault", async () => {
    using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
    for (const [action, count] of [
      ["-t", 1],
      ["-u", 1],
      ["--threads=1", 2],
    ] as const) {
      const words = [action, "--ba", `127.0.0.1:${server.port}`, "--pa", "a:1", "--read-timeout", "soon"];
      const { code, stderr } = await runBinary(words);
      expect(code).toBe(2);
      expect(stderr.trimEnd().split("\n")).toHaveLength(count + 1);
      expect(stderr).toContain("--read-timeout");
    }
  });

  test("-t of what would not start", async () => {
    const { code, stdout, stderr } = await runBinary(["-t", "--ba", "192.0.2.1:80", "--pa", "a:1"]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("not one of this machine's");
  });
});

describe("a start that the system refuses", () => {
  test("says every address that failed, with who has the port, and nothing is left listening", async () => {
    using taken = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
    using free = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
    const freePort = free.port ?? 0;
    await free.stop(true);
    const binds = [`127.0.0.1:${freePort}`, `127.0.0.1:${taken.port}`, "192.0.2.1:8008", "unix//nowhere/a.sock"];
    const { code, stderr } = await runBinary([...binds.flatMap((bind) => ["--bind", bind]), "--upstream", "a:1"]);
    expect(code).toBe(2);
    expect(stderr).toContain(`listen 127.0.0.1:${taken.port}: the address is in use already`);
    expect(stderr).toContain("listen 192.0.2.1:8008: the address is not one of this machine's");
    expect(stderr).toContain("listen unix//nowhere/a.sock");
    expect(stderr).toContain("3 errors");
    const refused = fetch(`http://127.0.0.1:${freePort}/`).catch(() => "refused");
    expect(await refused).toBe("refused");
  });
});

describe("a start that goes well", () => {
  test("says where it listens and what it forwards to, and ends with 0 on SIGINT", async () => {
    using origin = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("hello") });
    const words = ["--ba", "127.0.0.1:0", "--pa", `127.0.0.1:${origin.port}`, "--log-format", "human"];
    await using run = await startBinary(words);
    const { host, port } = await listeningAt(run);
    expect(run.stderr()).toContain(`listening on http://127.0.0.1:${port}, forwarding / to 127.0.0.1:${origin.port}`);
    expect(await (await fetch(`http://${host}:${port}/`)).text()).toBe("hello");
    run.signal("SIGINT");
    expect((await run.exited()).code).toBe(0);
  });

  test("serves TLS with --cfp and --kfp, and warns in the log of a certificate that expired", async () => {
    using origin = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("hello") });
    const files = ["--cfp", join(TLS, "expired.pem"), "--kfp", join(TLS, "site.key")];
    await using run = await startBinary(["--ba", "127.0.0.1:0", "--pa", `127.0.0.1:${origin.port}`, ...files]);
    const { port } = await listeningAt(run);
    expect(run.stderr()).toContain("the certificate expired on 2020-02-01");
    const response = await fetch(`https://127.0.0.1:${port}/`, { tls: { rejectUnauthorized: false } });
    expect(await response.text()).toBe("hello");
  });

  test("everything can come from conf.yaml, and a flag wins over it", async () => {
    using origin = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("hello") });
    using folder = temporaryFolder();
    const conf = `bind: 127.0.0.1:0\nupstream: 127.0.0.1:${origin.port}\ncp: /file\nlog_level: info\nuser: x\n`;
    await Bun.write(join(folder.path, "conf.yaml"), conf);
    await using run = await startBinary(["-c", "conf.yaml", "--cp", "/flag"], { cwd: folder.path });
    const { port } = await listeningAt(run);
    expect(run.stderr()).toContain("this has an effect with --daemon alone");
    expect((await fetch(`http://127.0.0.1:${port}/flag/x`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${port}/file`)).status).toBe(404);
  });

  test("GATEKEEPER_LOG sets the level, and a bad one is a warning", async () => {
    const words = ["--ba", "127.0.0.1:0", "--pa", "127.0.0.1:9"];
    await using run = await startBinary(words, { env: { GATEKEEPER_LOG: "loud" } });
    await listeningAt(run);
    expect(run.stderr()).toContain("GATEKEEPER_LOG");
    using folder = temporaryFolder();
    const unix = join(folder.path, "g.sock");
    const env = { GATEKEEPER_LOG: "gatekeeper=error" };
    await using quiet = await startBinary(["--ba", `unix/${unix}`, "--pa", "127.0.0.1:9"], { env });
    // It does not say when it serves: asked until it answers.
    const ask = (): Promise<number> => fetch("http://localhost/", { unix }).then((answer) => answer.status);
    let status = 0;
    while (status === 0) status = await ask().catch(() => Bun.sleep(5).then(() => 0));
    expect(status).toBe(502);
    quiet.signal("SIGINT");
    expect((await quiet.exited()).stderr).not.toContain("listening");
  });
});
