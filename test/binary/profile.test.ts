import { expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type BinaryRun, listeningAt, runBinary, startBinary, temporaryFolder } from "../helpers/binary.ts";

// The executable is built first.
setDefaultTimeout(60_000);

/** What Chrome's tools and speedscope take (`Profiler.Profile` of the Chrome DevTools Protocol). */
interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
    readonly children?: readonly number[];
  }[];
  readonly startTime: number;
  readonly endTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

function readProfile(file: string): Profile {
  const profile = JSON.parse(readFileSync(file, "utf8")) as Profile;
  const ids = new Set(profile.nodes.map(({ id }) => id));
  expect(ids.size).toBe(profile.nodes.length);
  for (const { children = [] } of profile.nodes) for (const id of children) expect(ids.has(id)).toBe(true);
  for (const id of profile.samples) expect(ids.has(id)).toBe(true);
  expect(profile.samples.length).toBeGreaterThan(0);
  expect(profile.timeDeltas.length).toBe(profile.samples.length);
  expect(profile.endTime).toBeGreaterThan(profile.startTime);
  return profile;
}

/** Names of our own functions, as they stand in src. */
function ownFunctions({ nodes }: Profile): readonly string[] {
  return nodes.flatMap(({ callFrame: { url, functionName } }) =>
    /\bsrc\/(?:proxy|routing)\//.test(url) ? [functionName] : [],
  );
}

async function start(folder: string, ...words: readonly string[]): Promise<BinaryRun> {
  const file = join(folder, "conf.yaml");
  await Bun.write(
    file,
    `bind: 127.0.0.1:0\nupgrade_sock: ${folder}/u.sock\nroutes: [{ respond: "{http.request.uri.path}" }]\n`,
  );
  return await startBinary(["-c", file, ...words], { cwd: folder, env: { RUNTIME_DIRECTORY: join(folder, "run") } });
}

/** Asks until a promise is settled. */
async function askUntil(run: BinaryRun, over: Promise<unknown>): Promise<void> {
  const { port } = await listeningAt(run);
  let isOver = false;
  void over.finally(() => (isOver = true)).catch(() => {});
  const ask = async () => (await fetch(`http://127.0.0.1:${port}/x`, { proxy: "", keepalive: false })).bytes();
  while (!isOver) await Promise.all(Array.from({ length: 20 }, ask));
}

test("profile writes what the running process computes with, by the names of its functions", async () => {
  using folder = temporaryFolder();
  await using run = await start(folder.path);
  await listeningAt(run);
  const env = { RUNTIME_DIRECTORY: join(folder.path, "run") };
  const output = join(folder.path, "out.cpuprofile");
  const profiling = runBinary(["profile", output, "--for", "1s"], { env });
  await askUntil(run, profiling);
  const { code, stdout } = await profiling;
  expect(code).toBe(0);
  expect(stdout).toStartWith(`${output} is written`);
  const names = ownFunctions(readProfile(output));
  // None is what a minifier makes.
  expect(names.filter((name) => /^#?\w{4,}$/.test(name)).length).toBeGreaterThan(3);
});

test("--cpu-profile writes at the end what each worker computed with, and nobody profiles meanwhile", async () => {
  using folder = temporaryFolder();
  await using run = await start(folder.path, "--threads", "2", "--cpu-profile", "out.cpuprofile");
  await run.seen(/profiling what workers compute with/);
  const env = { RUNTIME_DIRECTORY: join(folder.path, "run") };
  const other = await runBinary(["profile"], { env, cwd: folder.path });
  expect([other.code, other.stderr]).toEqual([1, expect.stringContaining("it is being profiled already")]);
  await askUntil(run, Bun.sleep(500));
  run.signal("SIGTERM");
  expect((await run.exited()).code).toBe(0);
  const files = readdirSync(folder.path).filter((name) => name.endsWith(".cpuprofile"));
  expect(files.toSorted()).toEqual(["out.1.cpuprofile", "out.2.cpuprofile"]);
  const names = files.flatMap((file) => ownFunctions(readProfile(join(folder.path, file))));
  expect(names.length).toBeGreaterThan(0);
});

test("a profile that could not be written is not begun, and serving goes on", async () => {
  using folder = temporaryFolder();
  await using run = await start(folder.path, "--cpu-profile", "/nowhere/out.cpuprofile");
  await run.seen(/"no CPU profile".*ENOENT/);
  const { port } = await listeningAt(run);
  expect(await (await fetch(`http://127.0.0.1:${port}/x`, { proxy: "" })).text()).toBe("/x");
});
