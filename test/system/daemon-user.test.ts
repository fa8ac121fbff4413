import { describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { daemonSetting, type DaemonSetting, eventually, isAlive } from "../helpers/daemon.ts";

// The executable is built first.
setDefaultTimeout(60_000);

/** Debian's own, which is always there. */
const USER = { name: "www-data", uid: 33, gid: 33 } as const;
/** CAP_NET_BIND_SERVICE, of capabilities(7), as /proc has it. */
const NET_BIND_SERVICE = "0000000000000400";
const NONE = "0000000000000000";

/** Ids and capabilities of every thread of a process. */
function threadsOf(pid: number): readonly Readonly<Record<string, string>>[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    const text = readFileSync(`/proc/${pid}/task/${thread}/status`, "utf8");
    return Object.fromEntries(
      [...text.matchAll(/^(Uid|Gid|Groups|CapPrm|CapEff|CapAmb):\s*(.*?)\s*$/gm)].map(([, key, value]) => [key, value]),
    );
  });
}

function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
}

/** As root would have it: a folder of the user's for what comes and goes, root's own for the rest. */
function settingFor(lines: readonly string[]): DaemonSetting {
  const setting = daemonSetting();
  chmodSync(setting.folder, 0o755);
  mkdirSync(setting.path("run"));
  chownSync(setting.path("run"), USER.uid, USER.gid);
  setting.configure([
    "bind: 127.0.0.1:83",
    "upstream: 127.0.0.1:9",
    "daemon: true",
    "daemon_wait_for_ready: true",
    ...(lines.some((line) => line.startsWith("user:")) ? [] : [`user: ${USER.name}`]),
    ...lines,
  ]);
  return setting;
}

async function status(): Promise<number> {
  return (await fetch("http://127.0.0.1:83/")).status;
}

describe("a daemon with a user, started by root", () => {
  test.each([1, 2])("is that user in every thread, may listen on low ports and nothing else: threads %d", async (n) => {
    await using setting = settingFor([`threads: ${n}`]);
    const { code, stderr } = await setting.run();
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const processes = [setting.pid(), ...childrenOf(setting.pid())];
    expect(processes).toHaveLength(n === 1 ? 1 : 3);
    for (const [at, pid] of processes.entries()) {
      const threads = threadsOf(pid);
      const ids = { Uid: "33\t33\t33\t33", Gid: "33\t33\t33\t33", Groups: "33" };
      for (const thread of threads) {
        expect(thread).toMatchObject(ids);
        expect([NONE, NET_BIND_SERVICE]).toContain(thread["CapPrm"] ?? "");
        expect([NONE, NET_BIND_SERVICE]).toContain(thread["CapEff"] ?? "");
      }
      // The one that listens.
      if (at === 0) expect(threads[0]).toMatchObject({ CapEff: NET_BIND_SERVICE, CapAmb: NET_BIND_SERVICE });
    }
    expect(await status()).toBe(502);
    for (const file of [setting.pidFile, setting.errorLog]) expect(statSync(file).uid).toBe(USER.uid);
  });

  test("a worker that takes another's place listens on the low port again", async () => {
    await using setting = settingFor(["threads: 2"]);
    await setting.run();
    for (const pid of childrenOf(setting.pid())) process.kill(pid, "SIGKILL");
    await eventually(() => setting.log().match(/a worker took the place/g)?.length === 2);
    expect(await status()).toBe(502);
  });

  test.each([
    // Where, as in /tmp, root may not open another user's file as one that is to be made.
    ["a folder for all", 0o1777],
    ["a folder of root's", 0o755],
  ])("is reloaded, and taken over from, by root, its pid file in %s", async (_, mode) => {
    await using setting = settingFor([`upgrade_sock: /tmp/gatekeeper-user-${process.pid}.sock`]);
    chmodSync(setting.folder, mode);
    await setting.run();
    const old = setting.pid();
    expect((await setting.command("reload", "--pid-file", setting.pidFile)).code).toBe(0);
    const { code, stderr } = await setting.run("-u");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    await eventually(() => !isAlive(old));
    const pid = setting.pid();
    expect(pid).not.toBe(old);
    expect(await status()).toBe(502);
    expect((await setting.command("stop", "--now", "-c", "conf.yaml")).code).toBe(0);
    // Who may not remove it empties it, and it keeps nobody from starting.
    if (mode === 0o755) expect(readFileSync(setting.pidFile, "utf8")).toBe("");
    else expect(existsSync(setting.pidFile)).toBe(false);
    expect((await setting.run()).code).toBe(0);
  });

  test("no link, and no second name, gives the user a file of root's", async () => {
    await using setting = settingFor([]);
    const secret = setting.path("secret");
    writeFileSync(secret, "precious", { mode: 0o600 });
    symlinkSync(secret, setting.errorLog);
    const { code, stderr } = await setting.run();
    expect(code).toBe(2);
    expect(stderr).toContain("no process in the background: ELOOP");
    unlinkSync(setting.errorLog);
    linkSync(secret, setting.errorLog);
    expect((await setting.run()).stderr).toContain("is a file with another name as well");
    expect(readFileSync(secret, "utf8")).toBe("precious");
    expect(statSync(secret).uid).toBe(0);
  });

  test("root takes a pid file over that an ended process of another user has left", async () => {
    await using setting = settingFor(["user: root"]);
    writeFileSync(setting.pidFile, "");
    chownSync(setting.pidFile, USER.uid, USER.gid);
    expect((await setting.run()).code).toBe(0);
    expect(statSync(setting.pidFile).uid).toBe(0);
  });
});
