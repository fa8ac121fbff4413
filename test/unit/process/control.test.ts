import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { requestControl, requestReload, runningProcesses } from "../../../src/process/control-client.ts";
import { type ControlSetting, folderFault, makeFolder, ownFolders } from "../../../src/process/control-folder.ts";
import { type ControlSocket, openControlSocket } from "../../../src/process/control-socket.ts";
import type { ControlCommand, ControlResult } from "../../../src/process/controls.ts";
import type { WorkerProfile } from "../../../src/process/cpu-profiling.ts";
import type { Holdings } from "../../../src/process/holdings.ts";
import type { ProcessStatus } from "../../../src/process/process-status.ts";
import type { ReloadReport } from "../../../src/process/reloader.ts";
import { temporaryFolder } from "../../helpers/binary.ts";

const uid = process.getuid?.() ?? 0;
const settingIn = (folder: string): ControlSetting => ({ environment: { RUNTIME_DIRECTORY: folder }, uid });
const DONE: ReloadReport = { isReloaded: true, summary: "nothing changed", problems: [] };

const STATUS: ProcessStatus = {
  pid: process.pid,
  version: "gatekeeper 0 (dev) bun 1",
  startedAt: 1,
  urls: ["http://127.0.0.1:1"],
  workers: [],
  peers: [],
  isStopping: false,
};

/** Says back what it was told, where that has a peer; else it refuses. */
const echo = async (command: ControlCommand): Promise<ControlResult> =>
  command.type === "drain" && command.peer !== undefined
    ? { type: "peers", peers: [], stranded: [command.peer] }
    : { type: "refused", reason: JSON.stringify(command) };

const holdings = async (): Promise<readonly Holdings[]> => [];

const watch = (): void => {};

const profile = async (): Promise<readonly WorkerProfile[]> => [];

async function open(folder: string, reload = async (): Promise<ReloadReport> => DONE): Promise<ControlSocket> {
  const status = async () => STATUS;
  const opened = await openControlSocket(
    { status, holdings, reload, control: echo, watch, profile },
    settingIn(folder),
  );
  if (typeof opened === "string") throw new Error(opened);
  return opened;
}

describe("where the control socket is", () => {
  test.each([
    [{ environment: {}, uid: 1000 }, ["/tmp/gatekeeper-1000"]],
    [{ environment: { XDG_RUNTIME_DIR: "/run/user/1" }, uid: 1 }, ["/run/user/1/gatekeeper", "/tmp/gatekeeper-1"]],
    // Root's own is the same with and without a session of its own.
    [{ environment: { XDG_RUNTIME_DIR: "/run/user/0" }, uid: 0 }, ["/run/gatekeeper", "/tmp/gatekeeper-0"]],
    [{ environment: { RUNTIME_DIRECTORY: "/run/a:/run/b", XDG_RUNTIME_DIR: "/run/user/1" }, uid: 1 }, ["/run/a"]],
  ])("%j", (setting, folders) => {
    expect(ownFolders(setting)).toEqual(folders);
  });

  test("is a folder of this user's that nobody else can write to, and no link", () => {
    using folder = temporaryFolder();
    const made = join(folder.path, "made");
    expect(makeFolder(made, settingIn(made))).toBeUndefined();
    expect(statSync(made).mode & 0o777).toBe(0o700);
    expect(folderFault(made, uid + 1)).toContain("belongs to another user");
    symlinkSync(made, join(folder.path, "link"));
    expect(makeFolder(join(folder.path, "link"), settingIn(made))).toContain("is no folder");
    chmodSync(made, 0o770);
    expect(makeFolder(made, settingIn(made))).toContain("can be written to by others");
    writeFileSync(join(folder.path, "file"), "");
    expect(makeFolder(join(folder.path, "file"), settingIn(made))).toContain("EEXIST");
  });
});

describe("a control socket", () => {
  test("is found, is its user's alone, and is gone when it is closed", async () => {
    using folder = temporaryFolder();
    {
      await using socket = await open(folder.path);
      expect(statSync(socket.path).mode & 0o777).toBe(0o600);
      const found = await runningProcesses(settingIn(folder.path), undefined);
      expect(found).toEqual([{ ...STATUS, socket: socket.path }]);
      expect(await runningProcesses(settingIn(folder.path), process.pid)).toEqual(found);
      expect(await runningProcesses(settingIn(folder.path), process.pid + 1)).toEqual([]);
    }
    expect(readdirSync(folder.path)).toEqual([]);
    expect(await runningProcesses(settingIn(folder.path), undefined)).toEqual([]);
  });

  test("tells what came of a reload, problems and all", async () => {
    using folder = temporaryFolder();
    const problem = { severity: "error", place: { type: "command_line" }, message: "wrong" } as const;
    const refused: ReloadReport = { isReloaded: false, summary: "the configuration has errors", problems: [problem] };
    const reports = [refused, DONE];
    await using _socket = await open(folder.path, async () => reports.shift() ?? DONE);
    const [running] = await runningProcesses(settingIn(folder.path), undefined);
    if (running === undefined) throw new Error("not found");
    expect(await requestReload(running)).toEqual(refused);
    expect(await requestReload(running)).toEqual(DONE);
  });

  test("takes commands that are some, and nothing else", async () => {
    using folder = temporaryFolder();
    await using socket = await open(folder.path);
    const [running] = await runningProcesses(settingIn(folder.path), undefined);
    if (running === undefined) throw new Error("not found");
    expect(await requestControl(running, { type: "drain", peer: "a:1", on: true })).toEqual({
      type: "peers",
      peers: [],
      stranded: ["a:1"],
    });
    const closing: ControlCommand = { type: "maintenance", on: true, route: "r", retryAfterSeconds: 5 };
    expect(await requestControl(running, closing)).toEqual({ type: "refused", reason: JSON.stringify(closing) });
    const post = async (body: string): Promise<number> =>
      (await fetch("http://gatekeeper/control", { unix: socket.path, method: "POST", body })).status;
    const wrong = ["", "1", "null", '{"type":"drain","peer":"a"}', '{"type":"maintenance","on":1}', '{"type":"x"}'];
    wrong.push('{"type":"maintenance","on":true,"retryAfterSeconds":-1}', '{"type":"drain","on":true,"peer":1}');
    expect(await Promise.all(wrong.map(post))).toEqual(wrong.map(() => 400));
    expect([await post('{"type":"drain","on":false,"peer":"a"}'), await post('{"type":"maintenance"}')]).toEqual([
      200, 409,
    ]);
  });

  test("takes away what ended processes left, and nothing else", async () => {
    using folder = temporaryFolder();
    const at = (name: string): string => join(folder.path, name);
    const script = `Bun.listen({unix:${JSON.stringify(at("1.sock"))},socket:{data(){}}});process.kill(process.pid,"SIGKILL")`;
    await Bun.spawn([process.execPath, "-e", script]).exited;
    writeFileSync(at("2.sock"), "a file");
    mkdirSync(at("3.sock"));
    expect(existsSync(at("1.sock"))).toBe(true);
    await using _socket = await open(folder.path);
    expect(readdirSync(folder.path).toSorted()).toEqual(["2.sock", "3.sock", `${process.pid}.sock`].toSorted());
  });

  test("has an answer for each path and method", async () => {
    using folder = temporaryFolder();
    await using socket = await open(folder.path);
    const ask = async (path: string, method: string): Promise<number> =>
      (await fetch(`http://gatekeeper${path}`, { unix: socket.path, method })).status;
    expect(
      await Promise.all([ask("/", "GET"), ask("/x", "GET"), ask("/reload", "GET"), ask("/reload", "POST")]),
    ).toEqual([200, 404, 405, 200]);
  });

  test("says why where there can be none", async () => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, "file"), "");
    const status = async () => STATUS;
    const setting = settingIn(join(folder.path, "file"));
    expect(
      await openControlSocket({ status, holdings, reload: async () => DONE, control: echo, watch, profile }, setting),
    ).toContain("EEXIST");
  });
});
