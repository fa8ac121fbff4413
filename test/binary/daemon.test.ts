import { describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { resolve } from "node:path";
import { listeningAt, startBinary } from "../helpers/binary.ts";
import { daemonSetting, eventually, isAlive } from "../helpers/daemon.ts";

// The executable is built first.
setDefaultTimeout(60_000);

const BASE = ["bind: 127.0.0.1:0", "upstream: 127.0.0.1:9"];
const WAITING = [...BASE, "daemon: true", "daemon_wait_for_ready: true"];

/** The fields after the command of /proc/PID/stat (proc(5)). */
function statOf(pid: number): { readonly session: number; readonly terminal: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return { session: Number(fields[3]), terminal: Number(fields[4]) };
}

function portIn(log: string): number {
  return Number(/listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(log)?.[1]);
}

describe("a process in the background", () => {
  test.each([[[]], [["--threads", "2"]]])(
    "serves when the command has returned, alone in its session, its log in a file: %j",
    async (more) => {
      await using setting = daemonSetting();
      setting.configure(WAITING);
      const { code, stdout, stderr } = await setting.run(...more);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      const pid = setting.pid();
      expect(stdout).toBe(`process ${pid} serves in the background\n`);
      expect(statOf(pid)).toEqual({ session: pid, terminal: 0 });
      const streams = [0, 1, 2].map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
      expect(streams).toEqual(["/dev/null", "/dev/null", setting.errorLog]);
      expect((await fetch(`http://127.0.0.1:${portIn(setting.log())}/`)).status).toBe(502);
      process.kill(pid, "SIGTERM");
      await eventually(() => !isAlive(pid));
      expect(existsSync(setting.pidFile)).toBe(false);
      expect(setting.log()).toContain('"stopped","result":"drained"');
    },
  );

  test("by the flag, from source, without waiting: its pid file is there when the command returns", async () => {
    await using setting = daemonSetting();
    const words = [
      "--bind",
      "127.0.0.1:0",
      "--upstream",
      ":9",
      "-d",
      "--pid-file",
      "g.pid",
      "--error-log",
      "error.log",
    ];
    const main = resolve(import.meta.dir, "../../src/main.ts");
    const env = { ...process.env, RUNTIME_DIRECTORY: setting.path("run") };
    const run = Bun.spawn([process.execPath, "run", main, ...words], { cwd: setting.folder, env, stderr: "pipe" });
    expect(await new Response(run.stdout).text()).toBe(`process ${setting.pid()} starts in the background\n`);
    expect(await run.exited).toBe(0);
    await eventually(() => portIn(setting.log()) > 0);
    expect((await fetch(`http://127.0.0.1:${portIn(setting.log())}/`)).status).toBe(502);
  });

  test("that nobody gave a file for its log says that it is lost", async () => {
    await using setting = daemonSetting();
    setting.configure([...WAITING, "error_log: ~"]);
    const { code, stderr } = await setting.run();
    expect(code).toBe(0);
    expect(stderr).toContain("the log of the process in the background is lost without error_log");
    expect(readlinkSync(`/proc/${setting.pid()}/fd/2`)).toBe("/dev/null");
  });

  test("opens its log anew on SIGUSR2, workers' words included", async () => {
    await using setting = daemonSetting();
    setting.configure([...WAITING, "threads: 2"]);
    await setting.run();
    const port = portIn(setting.log());
    renameSync(setting.errorLog, setting.path("error.log.1"));
    process.kill(setting.pid(), "SIGUSR2");
    await eventually(() => existsSync(setting.errorLog) && setting.log().includes("logs are opened anew"));
    const before = readFileSync(setting.path("error.log.1"), "utf8");
    await (await fetch(`http://127.0.0.1:${port}/`)).text();
    await eventually(() => setting.log().includes("request failed"));
    expect(readFileSync(setting.path("error.log.1"), "utf8")).toBe(before);
  });

  test("works in its folder, and finds its files from there on a reload as at the start", async () => {
    await using setting = daemonSetting();
    mkdirSync(setting.path("work"));
    setting.configure([...WAITING, `working_directory: ${setting.path("work")}`]);
    const run = await setting.command("-c", "conf.yaml", "--watch");
    expect(run.code).toBe(0);
    expect(readlinkSync(`/proc/${setting.pid()}/cwd`)).toBe(setting.path("work"));
    expect((await setting.command("reload")).code).toBe(0);
    appendFileSync(setting.path("conf.yaml"), "cp: /up\n");
    await eventually(() => setting.log().includes('"trigger":"watch"'));
  });
});

describe("a start in the background that fails is told by the command", () => {
  test("a wrong file, as in the foreground", async () => {
    await using setting = daemonSetting();
    setting.configure([...WAITING, "threds: 2"]);
    const { code, stdout, stderr } = await setting.run();
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("did you mean threads");
    expect(existsSync(setting.errorLog)).toBe(false);
  });

  test("an address that is taken, and nothing is left", async () => {
    await using setting = daemonSetting();
    using taken = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
    setting.configure([`bind: 127.0.0.1:${taken.port}`, ...WAITING.slice(1)]);
    const { code, stdout, stderr } = await setting.run();
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(`listen 127.0.0.1:${taken.port}: the address is in use already`);
    expect(setting.log()).toContain("in use already");
    expect(readdirSync(setting.folder).toSorted()).toEqual(["conf.yaml", "error.log"]);
  });

  test.each([
    ["user: nobody-of-that-name", "there is no user nobody-of-that-name"],
    ["group: nobody-of-that-name", "there is no group nobody-of-that-name"],
    ["working_directory: /nowhere", "/nowhere cannot be worked in"],
    ["working_directory: /\nmaintenance_page: page.html", "the names of files have to be absolute"],
    ["error_log: /nowhere/error.log", "no process in the background: ENOENT"],
    ["pid_file: /nowhere/g.pid", "/nowhere/g.pid cannot be written: ENOENT"],
  ])("%s", async (line, words) => {
    await using setting = daemonSetting();
    setting.configure([...WAITING, line]);
    writeFileSync(setting.path("page.html"), "away");
    const { code, stdout, stderr } = await setting.run();
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(words);
  });

  test("one that does not serve in time is ended, and the exit code is 1", async () => {
    await using setting = daemonSetting();
    setting.configure([...WAITING, "daemon_ready_timeout_seconds: 0"]);
    const { code, stderr } = await setting.run();
    expect(code).toBe(1);
    expect(stderr).toContain("nothing runs in the background: it did not serve within 0 s and was ended");
  });
});

describe("the pid file", () => {
  test("of a process that runs stops a start; that of one that was killed does not, whoever has its number", async () => {
    await using setting = daemonSetting();
    setting.configure(WAITING);
    await setting.run();
    const pid = setting.pid();
    const second = await setting.run();
    expect([second.code, setting.pid()]).toEqual([2, pid]);
    expect(second.stderr).toContain(`is held by process ${pid}, a gatekeeper that runs`);
    process.kill(pid, "SIGKILL");
    await eventually(() => !isAlive(pid));
    writeFileSync(setting.pidFile, `${process.pid}\n`);
    expect((await setting.run()).code).toBe(0);
    expect(setting.pid()).not.toBe(process.pid);
  });

  test("names the process that took over, once it has, and the one that goes leaves it", async () => {
    await using setting = daemonSetting();
    setting.configure(WAITING);
    await setting.run();
    const old = setting.pid();
    const failed = await setting.run("-u", "--bind", "192.0.2.1:1");
    expect([failed.code, setting.pid()]).toEqual([2, old]);
    expect((await setting.run("-u")).code).toBe(0);
    const pid = setting.pid();
    expect(pid).not.toBe(old);
    await eventually(() => !isAlive(old));
    expect(setting.pid()).toBe(pid);
    expect((await setting.run()).stderr).toContain(`is held by process ${pid}`);
  });

  test("is written in the foreground where it is named", async () => {
    await using setting = daemonSetting();
    const words = ["--bind", "127.0.0.1:0", "--upstream", ":9"];
    await using run = await startBinary([...words, "--pid-file", setting.pidFile], { cwd: setting.folder });
    await listeningAt(run);
    expect(setting.pid()).toBe(run.pid);
    run.signal("SIGINT");
    await run.exited();
    expect(existsSync(setting.pidFile)).toBe(false);
  });
});
