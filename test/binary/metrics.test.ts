import { expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { listeningAt, startBinary, temporaryFolder } from "../helpers/binary.ts";
import { sampleIn, untilSo } from "../helpers/overviewed.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";

// The executable is built first.
setDefaultTimeout(60_000);

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

interface Status {
  readonly workers: readonly { readonly worker: number; readonly pid?: number; readonly isServing: boolean }[];
}

test("two workers are counted as one, and no count goes back when one is killed, or with a reload", async () => {
  await using origin = RawOrigin.start(OK);
  using folder = temporaryFolder();
  const file = join(folder.path, "conf.yaml");
  const lines = [
    "bind: 127.0.0.1:0",
    `upstream: 127.0.0.1:${origin.port}`,
    "threads: 2",
    `admin: unix/${folder.path}/admin.sock`,
    `upgrade_sock: ${folder.path}/upgrade.sock`,
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  const run = await startBinary(["-c", file], { env: { RUNTIME_DIRECTORY: join(folder.path, "run") } });
  await using _run = run;
  const { port } = await listeningAt(run);
  const admin = { unix: join(folder.path, "admin.sock"), proxy: "" };
  const metrics = async (accept = "text/plain") =>
    await (await fetch("http://admin/metrics", { ...admin, headers: { Accept: accept } })).text();
  const sample = async (name: string) => sampleIn(await metrics(), name);
  const status = async (): Promise<Status> => {
    const unix = join(folder.path, "run", `${run.pid}.sock`);
    return (await (await fetch("http://gatekeeper/", { unix, proxy: "" })).json()) as Status;
  };
  const total = 'gatekeeper_requests_total{host="_other",route="/",code="200"}';
  /** Each on a connection of its own, which the kernel gives to either worker. */
  const get = async (count: number) => {
    const answers = Array.from({ length: count }, () => fetch(`http://127.0.0.1:${port}/`, { keepalive: false }));
    for (const answer of answers) expect((await answer).status).toBe(200);
  };

  await get(60);
  await untilSo(async () => ((await sample(total)) ?? 0) >= 60, "all requests to be counted");
  expect(await sample(total)).toBe(60);
  const killed = (await status()).workers[0]?.pid ?? 0;
  process.kill(killed, "SIGKILL");
  await untilSo(async () => {
    const { workers } = await status();
    return workers.every(({ isServing, pid }) => isServing && pid !== killed);
  }, "another worker in its place");
  expect(await sample(total)).toBe(60);
  await get(20);
  await untilSo(async () => (await sample(total)) === 80, "the requests after it to be counted as well");
  expect(await sample('gatekeeper_worker_restarts_total{worker="1"}')).toBe(1);
  expect(await sample('gatekeeper_worker_restarts_total{worker="2"}')).toBe(0);

  writeFileSync(file, `${[...lines, "max_request_body: 1MB"].join("\n")}\n`);
  expect((await fetch("http://admin/reload", { ...admin, method: "POST" })).status).toBe(200);
  await get(10);
  await untilSo(async () => (await sample(total)) === 90, "the requests after a reload to be counted as well");
  writeFileSync(file, `${[...lines, "no_such_key: 1"].join("\n")}\n`);
  expect((await fetch("http://admin/reload", { ...admin, method: "POST" })).status).toBe(409);
  const text = await metrics();
  expect(sampleIn(text, 'gatekeeper_config_reloads_total{result="success"}')).toBe(1);
  expect(sampleIn(text, 'gatekeeper_config_reloads_total{result="failure"}')).toBe(1);
  expect(sampleIn(text, 'gatekeeper_request_duration_seconds_count{route="/"}')).toBe(90);
  expect(sampleIn(text, `gatekeeper_upstream_requests_total{upstream="127.0.0.1:${origin.port}"}`)).toBe(90);
  for (const worker of [1, 2]) {
    expect(sampleIn(text, `gatekeeper_worker_resident_memory_bytes{worker="${worker}"}`)).toBeGreaterThan(1e6);
    expect(sampleIn(text, `gatekeeper_worker_open_fds{worker="${worker}"}`)).toBeGreaterThan(3);
  }
  expect(await metrics("application/openmetrics-text")).toEndWith("# EOF\n");
});
