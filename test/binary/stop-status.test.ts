import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { listeningAt, runBinary, startBinary } from "../helpers/binary.ts";
import { daemonSetting, type DaemonSetting, eventually, isAlive } from "../helpers/daemon.ts";

// The executable is built first.
setDefaultTimeout(60_000);

/** An origin whose answer to `/held` comes when it is let go. */
function startHeldOrigin() {
  const asked = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch({ url }) {
      if (!url.endsWith("/held")) return new Response("at once");
      asked.resolve();
      await held.promise;
      return new Response("held");
    },
  });
  return {
    port: server.port ?? 0,
    asked: asked.promise,
    letGo: () => held.resolve(),
    [Symbol.asyncDispose]: async () => {
      held.resolve();
      await server.stop(true);
    },
  };
}

async function startDaemon(setting: DaemonSetting, port: number, lines: readonly string[] = []): Promise<number> {
  const common = ["bind: 127.0.0.1:0", `upstream: 127.0.0.1:${port}`, "daemon: true", "daemon_wait_for_ready: true"];
  setting.configure([...common, ...lines]);
  expect((await setting.run()).code).toBe(0);
  return Number(/listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(setting.log())?.[1]);
}

function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
}

describe("gatekeeper stop", () => {
  test("lets requests end, returns when the process has ended, and a second one does not hasten it", async () => {
    await using origin = startHeldOrigin();
    await using setting = daemonSetting();
    const port = await startDaemon(setting, origin.port);
    const pid = setting.pid();
    const answer = fetch(`http://127.0.0.1:${port}/held`);
    await origin.asked;
    const stopping = setting.command("stop", "-c", "conf.yaml");
    await eventually(() => setting.log().includes('"draining"'));
    const second = setting.command("stop", "--pid", String(pid));
    // Where the second one sent a signal, this would not end well.
    await Promise.race([second, Bun.sleep(300)]);
    expect(isAlive(pid)).toBe(true);
    origin.letGo();
    expect(await (await answer).text()).toBe("held");
    for (const { code, stdout, stderr } of [await stopping, await second]) {
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `process ${pid} has ended\n`, stderr: "" });
    }
    expect(isAlive(pid)).toBe(false);
    expect(setting.log()).toContain('"stopped","result":"drained"');
  });

  test("--now waits for no request", async () => {
    await using origin = startHeldOrigin();
    await using setting = daemonSetting();
    const port = await startDaemon(setting, origin.port);
    const answer = fetch(`http://127.0.0.1:${port}/held`).then(
      () => "answered",
      () => "broken",
    );
    await origin.asked;
    expect((await setting.command("stop", "--now")).code).toBe(0);
    expect(await answer).toBe("broken");
  });

  test("finds a process without a control socket by its pid file", async () => {
    await using setting = daemonSetting();
    writeFileSync(setting.path("run"), "no folder");
    await startDaemon(setting, 9);
    const pid = setting.pid();
    expect(setting.log()).toContain("no control socket");
    expect((await setting.command("stop", "--pid-file", setting.pidFile)).code).toBe(0);
    expect(isAlive(pid)).toBe(false);
  });

  test.each([["stop"], ["reload"]])(
    "%s: no process, exit code 3, and no signal to whoever has the number",
    async (command) => {
      await using setting = daemonSetting();
      const bystander = Bun.spawn(["sleep", "60"]);
      writeFileSync(setting.pidFile, `${bystander.pid}\n`);
      const { code, stderr } = await setting.command(command, "--pid-file", setting.pidFile);
      expect(code).toBe(3);
      expect(stderr).toBe(`gatekeeper: no gatekeeper runs by ${setting.pidFile}\n`);
      expect((await setting.command(command, "--pid", String(bystander.pid))).code).toBe(3);
      expect(isAlive(bystander.pid)).toBe(true);
      bystander.kill();
    },
  );
});

describe("gatekeeper status", () => {
  test("exit code 0 and one screen where all is well", async () => {
    await using origin = startHeldOrigin();
    await using setting = daemonSetting();
    const port = await startDaemon(setting, origin.port, ["threads: 2"]);
    const answer = fetch(`http://127.0.0.1:${port}/held`);
    await origin.asked;
    const { code, stdout, stderr } = await setting.command("status");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const pid = setting.pid();
    expect(stdout).toMatch(new RegExp(`^gatekeeper \\d.* bun [\\d.]+, process ${pid}, up for \\d+s\n`));
    expect(stdout).toContain(`listening on http://127.0.0.1:${port}`);
    expect(stdout).toContain("1 request or WebSocket is open\n");
    for (const [at, worker] of childrenOf(pid).entries()) {
      expect(stdout).toMatch(new RegExp(`^${at + 1} +${worker} +\\d+ MiB +[01] +0$`, "m"));
    }
    expect(stdout).toMatch(new RegExp(`^127\\.0\\.0\\.1:${origin.port} +up +1$`, "m"));
    expect(stdout).toEndWith("\nall is well\n");
    origin.letGo();
    await (await answer).text();
  });

  test("exit code 1 and why where a peer is down", async () => {
    await using setting = daemonSetting();
    await startDaemon(setting, 9, ["hc_freq: 1"]);
    await eventually(async () => (await setting.command("status")).code === 1);
    const { stdout } = await setting.command("status");
    expect(stdout).toMatch(/^127\.0\.0\.1:9 +down +0$/m);
    expect(stdout).toContain("peer 127.0.0.1:9 is down: ");
    expect(stdout).not.toContain("all is well");
  });

  test("exit code 1 where a worker does not answer, 2 where none does", async () => {
    await using setting = daemonSetting();
    await startDaemon(setting, 9, ["threads: 2"]);
    const [first = 0, second = 0] = childrenOf(setting.pid());
    process.kill(first, "SIGSTOP");
    const one = await setting.command("status");
    expect(one.code).toBe(1);
    expect(one.stdout).toContain("worker 1 does not answer");
    process.kill(second, "SIGSTOP");
    expect((await setting.command("status")).code).toBe(2);
    for (const pid of [first, second]) process.kill(pid, "SIGCONT");
  });

  test("exit code 1 while it drains", async () => {
    await using origin = startHeldOrigin();
    await using setting = daemonSetting();
    const port = await startDaemon(setting, origin.port);
    const answer = fetch(`http://127.0.0.1:${port}/held`);
    await origin.asked;
    process.kill(setting.pid(), "SIGTERM");
    await eventually(() => setting.log().includes('"draining"'));
    const { code, stdout } = await setting.command("status");
    expect(code).toBe(1);
    expect(stdout).toContain("it drains");
    origin.letGo();
    await answer;
  });

  test("exit code 2 where nothing runs", async () => {
    await using setting = daemonSetting();
    setting.configure(["bind: 127.0.0.1:0", "upstream: 127.0.0.1:9"]);
    const { code, stdout, stderr } = await setting.command("status", "-c", "conf.yaml");
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toBe(`gatekeeper: no gatekeeper runs by ${setting.pidFile}\n`);
  });

  test("of a process in the foreground, whose worker is itself", async () => {
    await using setting = daemonSetting();
    const env = { RUNTIME_DIRECTORY: setting.path("run") };
    await using run = await startBinary(["--bind", "127.0.0.1:0", "--upstream", "127.0.0.1:9"], { env });
    await listeningAt(run);
    const { code, stdout } = await runBinary(["status", "--pid", String(run.pid)], { env });
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^1 +${run.pid} +\\d+ MiB +0 +0$`, "m"));
  });
});
