import { expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../scripts/bench/processes.ts";
import { type BinaryRun, listeningAt, runBinary, startBinary, temporaryFolder } from "../helpers/binary.ts";
import { memoryOf } from "../helpers/flow.ts";
import { NotedSocket, NotedStream, type StreamsOrigin, startStreamsOrigin, until } from "../helpers/streams.ts";
import { required } from "./programs.ts";

// Each wait has a deadline of its own; this is for a test that hangs.
setDefaultTimeout(300_000);

const RELOADS = 100;
/** With this one a route is taken away under open streams. */
const GONE_AT = 50;
const CLOSE_DELAY_MS = 2_000;
const SOCKETS = { stays: 150, goes: 50 };
const STREAMS = { stays: 40, goes: 10 };
const MOST_GROWTH_MB = 60;

/** The file before the reload of that number: routes, fields, peers and a listener are others each time. */
function fileFor(count: number, [a, b]: readonly [StreamsOrigin, StreamsOrigin], extraPort: number): string {
  const upstreams = [`127.0.0.1:${a.port}`, `127.0.0.1:${b.port}`];
  const turned = count % 2 === 0 ? upstreams : upstreams.toReversed();
  const load = count % 3 === 0 ? [turned[0]] : turned;
  const listener = "{ address: 127.0.0.1:0 }";
  const listeners = count % 10 >= 5 ? [listener, `{ address: "127.0.0.1:${extraPort}" }`] : [listener];
  const route = (name: string, ...lines: readonly string[]): string =>
    [`  - name: ${name}`, `    match: { path: /${name}/* }`, ...lines.map((line) => `    ${line}`)].join("\n");
  const routes = [
    ...Array.from({ length: count % 7 }, (_, i) => route(`r${count}-${i}`, "respond: 204")),
    route(
      "stays",
      `request_header: { set: { X-Edited: "${count}" } }`,
      `upstreams: [127.0.0.1:${a.port}]`,
      `read_timeout: ${600 + count}s`,
      `stream_close_delay: ${CLOSE_DELAY_MS}ms`,
    ),
    ...(count < GONE_AT
      ? [route("goes", `upstreams: [127.0.0.1:${a.port}]`, `stream_close_delay: ${CLOSE_DELAY_MS}ms`)]
      : []),
    route("load", `header: { set: { X-Count: "${count}" } }`, `upstreams: [${load.join(", ")}]`),
  ];
  return `listeners: [${listeners.join(", ")}]\nroutes:\n${routes.join("\n")}\n`;
}

interface Wrk {
  /** Ends it; gives what it found. */
  stop(): Promise<string>;
}

function startWrk(url: string): Wrk {
  const command = [required("wrk"), "-t", "1", "-c", "20", "-d", "250s", url];
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "pipe", stdin: "ignore" });
  return {
    async stop() {
      child.kill("SIGINT");
      const stdout = await new Response(child.stdout).text();
      await child.exited;
      return stdout;
    },
  };
}

test(`${RELOADS} reloads under load lose no request, and no stream whose route stays`, async () => {
  using folder = temporaryFolder();
  await using a = startStreamsOrigin("a");
  await using b = startStreamsOrigin("b");
  const file = join(folder.path, "gatekeeper.yaml");
  const extraPort = freePort();
  const write = (count: number): void => writeFileSync(file, fileFor(count, [a, b], extraPort));
  write(0);
  const env = { RUNTIME_DIRECTORY: join(folder.path, "run"), GATEKEEPER_LOG: "info" };
  await using run = await startBinary(["-c", file], { env });
  const { port } = await listeningAt(run);
  const at = `127.0.0.1:${port}`;
  const sockets = await openSockets(at);
  const streams = await openStreams(at);
  const wrk = startWrk(`http://${at}/load/x`);
  const memory: number[] = [];
  let goneAt = 0;
  for (let count = 1; count <= RELOADS; count++) {
    if (count === GONE_AT) goneAt = performance.now();
    write(count);
    await reloadBy(count % 2 === 0 ? "command" : "SIGHUP", run, env, count);
    const answer = await fetch(`http://${at}/stays/x`, { keepalive: false });
    expect(answer.headers.get("x-seen")).toBe(String(count));
    if (count % 10 === 5) expect((await fetch(`http://127.0.0.1:${extraPort}/load/x`)).status).toBe(200);
    if (count % 10 === 0) memory.push(memoryOf(run.pid).nowMB);
  }
  const found = await wrk.stop();
  process.stdout.write(`${found}\nmemory after each 10 reloads, MB: ${memory.map((mb) => mb.toFixed(0)).join(" ")}\n`);
  expect(found).toMatch(/Requests\/sec: +[1-9]/);
  expect(found).not.toMatch(/Socket errors|Non-2xx/);
  // Those whose route is gone were told within its time, and not all at once.
  await until(() => sockets.goes.every(({ closeCode }) => closeCode !== undefined), "the WebSockets that go");
  await until(() => streams.goes.every(({ ending }) => ending !== undefined), "the event streams that go");
  expect(new Set(sockets.goes.map(({ closeCode }) => closeCode))).toEqual(new Set([1001]));
  const times = sockets.goes.map(({ closedAt }) => closedAt - goneAt).toSorted((x, y) => x - y);
  expect(times.at(-1)).toBeLessThan(CLOSE_DELAY_MS + 1_000);
  expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(CLOSE_DELAY_MS / 2);
  expect(new Set(streams.goes.map(({ ending }) => ending))).toEqual(new Set(["clean"]));
  // The others are as they were.
  await Promise.all(sockets.stays.map((socket) => socket.echo()));
  a.tick();
  await until(() => streams.stays.every(({ text }) => text.includes("data: tick")), "an event on each stream");
  expect([a.sockets, a.streams]).toEqual([SOCKETS.stays, STREAMS.stays]);
  expect(run.stderr()).not.toMatch(/"level":"(warn|error)"/);
  // Later reloads take no more memory than the first ones.
  expect(Math.max(...memory.slice(-3)) - Math.max(...memory.slice(0, 3))).toBeLessThan(MOST_GROWTH_MB);
  for (const each of [...Object.values(sockets), ...Object.values(streams)].flat()) each[Symbol.dispose]();
});

async function reloadBy(
  trigger: "command" | "SIGHUP",
  run: BinaryRun,
  env: Readonly<Record<string, string>>,
  count: number,
): Promise<void> {
  if (trigger === "SIGHUP") {
    run.signal("SIGHUP");
    const reloads = (): number => run.stderr().match(/"configuration reloaded"/g)?.length ?? 0;
    await until(() => reloads() === count, `reload ${count}`);
    return;
  }
  const { code, stderr } = await runBinary(["reload"], { env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
}

/** So many on each route. */
async function openAll<T>(
  counts: typeof SOCKETS,
  open: (route: string) => Promise<T>,
): Promise<Record<keyof typeof SOCKETS, T[]>> {
  const of = (route: keyof typeof SOCKETS): Promise<T[]> =>
    Promise.all(Array.from({ length: counts[route] }, () => open(route)));
  return { stays: await of("stays"), goes: await of("goes") };
}

const openSockets = (at: string) => openAll(SOCKETS, (route) => NotedSocket.open(`ws://${at}/${route}/ws`));
const openStreams = (at: string) => openAll(STREAMS, (route) => NotedStream.open(`http://${at}/${route}/events`));
