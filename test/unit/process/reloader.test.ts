import { describe, expect, test } from "bun:test";
import type { AdminConfig, Config, LogConfig } from "../../../src/config/model.ts";
import type { Problem } from "../../../src/config/problem.ts";
import { type LoadedConfig, Reloader } from "../../../src/process/reloader.ts";
import type { ReloadResult } from "../../../src/process/worker.ts";
import { configWith, RecordingLog } from "../../helpers/proxy.ts";

const LOG: LogConfig = { level: "info", format: undefined };
const ADMIN: AdminConfig = { address: undefined, isDefault: false, token: undefined, origins: [] };
const NONE = { added: 0, removed: 0, changed: 0 };
const RELOADED: ReloadResult = {
  type: "reloaded",
  routes: NONE,
  upstreams: NONE,
  listeners: { opened: 0, closed: 0, replaced: 0 },
  leavingStreams: 0,
};
const PROBLEM: Problem = {
  severity: "error",
  place: { type: "file", file: "gatekeeper.yaml", at: undefined },
  message: "this is wrong",
  seen: "x",
};

interface Made {
  readonly reloader: Reloader;
  readonly log: RecordingLog;
  /** What the worker was given. */
  readonly given: Config[];
  readonly loads: () => number;
}

function make(loaded: Partial<LoadedConfig>, result: ReloadResult = RELOADED): Made {
  const log = new RecordingLog();
  const given: Config[] = [];
  let loads = 0;
  const config = configWith({ upstreams: [] });
  const reload = async (next: Config): Promise<ReloadResult> => {
    given.push(next);
    return result;
  };
  const load = async (): Promise<LoadedConfig> => {
    loads++;
    await Bun.sleep(5);
    return { config, log: LOG, admin: ADMIN, problems: [], files: ["gatekeeper.yaml"], ...loaded };
  };
  const listenProblem = (): Problem => ({ ...PROBLEM, message: "the address is in use already" });
  const reloader = new Reloader({ worker: { config, reload }, log, load, logConfig: LOG, listenProblem });
  return { reloader, log, given, loads: () => loads };
}

const lines = (log: RecordingLog): string[] => log.lines.map(({ level, message }) => `${level} ${message}`);

describe("a reload", () => {
  test("is told with what it changed in numbers", async () => {
    const routes = { added: 2, removed: 0, changed: 1 };
    const { reloader, log } = make({}, { ...RELOADED, routes });
    const report = await reloader.reload("command");
    expect(report).toEqual({ isReloaded: true, summary: "routes_added 2, routes_changed 1", problems: [] });
    const facts = { trigger: "command", routes_added: 2, routes_changed: 1, ms: expect.any(Number) };
    expect(log.lines).toEqual([{ level: "info", message: "configuration reloaded", facts }]);
  });

  test("with errors is told with each of them, and the worker never hears of it", async () => {
    const { reloader, log, given } = make({ config: undefined, problems: [PROBLEM, PROBLEM] });
    const report = await reloader.reload("SIGHUP");
    expect(report).toEqual({
      isReloaded: false,
      summary: "the configuration has errors",
      problems: [PROBLEM, PROBLEM],
    });
    expect(given).toEqual([]);
    expect(lines(log)).toEqual([
      "error reload failed, the old configuration stays",
      "error this is wrong",
      "error this is wrong",
    ]);
    expect(log.lines[1]?.facts).toMatchObject({ at: "gatekeeper.yaml", seen: "x" });
  });

  test("that could not listen says on what, and so does one of a process that stops", async () => {
    const [listener] = configWith({ upstreams: [] }).listeners;
    if (listener === undefined) throw new Error("no listener");
    const taken = make({}, { type: "cannot_listen", failures: [{ listener, error: new Error("taken") }] });
    const refused = await taken.reloader.reload("SIGUSR1");
    expect(refused.isReloaded).toBe(false);
    expect(refused.problems.map(({ message }) => message)).toEqual(["the address is in use already"]);
    const stopping = make({}, { type: "stopping" });
    expect(await stopping.reloader.reload("command")).toEqual({
      isReloaded: false,
      summary: "the process is stopping",
      problems: [],
    });
  });

  test("that fails by a bug fails as any other, and the next one works", async () => {
    let isBroken = true;
    const { reloader, log } = make({
      get config(): Config {
        if (isBroken) throw new Error("broken");
        return configWith({ upstreams: [] });
      },
    });
    expect((await reloader.reload("watch")).summary).toContain("broken");
    expect(lines(log)).toEqual(["error reload failed, the old configuration stays"]);
    isBroken = false;
    expect((await reloader.reload("watch")).isReloaded).toBe(true);
  });

  test("says what takes a restart", async () => {
    const before = configWith({ upstreams: [] });
    const config = { ...before, process: { ...before.process, threads: 2, gracePeriodMs: 1 } };
    const { reloader, log } = make({ config, log: { level: "debug", format: undefined } });
    const { isReloaded, problems } = await reloader.reload("SIGHUP");
    expect(isReloaded).toBe(true);
    expect(problems.map(({ message }) => message.split(" ")[0])).toEqual(["threads", "log_level"]);
    expect(lines(log).filter((line) => line.startsWith("warn"))).toHaveLength(2);
  });
});

test("reloads never overlap: what comes meanwhile shares the one that follows", async () => {
  const { reloader, given, loads } = make({});
  const first = reloader.reload("SIGHUP");
  // Who waits for the first and asks at once again shares the second as well.
  const again = first.then(() => reloader.reload("SIGUSR1"));
  const others = [reloader.reload("command"), reloader.reload("watch"), reloader.reload("SIGHUP")];
  await first;
  expect(given).toHaveLength(1);
  await Promise.all([...others, again]);
  expect([loads(), given.length]).toEqual([2, 2]);
  await reloader.reload("command");
  expect(loads()).toBe(3);
});

test("the files that were read are told, also where something is wrong with them", async () => {
  const { reloader } = make({ config: undefined, problems: [PROBLEM], files: ["a", "b"] });
  const told: (readonly string[])[] = [];
  reloader.onFiles = (files) => told.push(files);
  await reloader.reload("watch");
  expect(told).toEqual([["a", "b"]]);
});
