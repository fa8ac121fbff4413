import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { listeningAt, startBinary, temporaryFolder } from "../helpers/binary.ts";
import { sampleIn, untilSo } from "../helpers/overviewed.ts";
import { makeCertificate } from "../helpers/certificates.ts";
import { refusingPort } from "../helpers/raw-origin.ts";
import { required, serve } from "./programs.ts";
import { freePort } from "../../scripts/bench/processes.ts";

setDefaultTimeout(60_000);

/** An origin for everything that is counted: bodies, failures, WebSockets, event streams. */
function startOrigin(): Bun.Server<undefined> {
  return Bun.serve<undefined>({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request, server) {
      if (server.upgrade(request, { data: undefined })) return undefined;
      await request.bytes();
      const { pathname } = new URL(request.url);
      return new Response("x".repeat(2_000), { status: pathname === "/bad" ? 500 : 200 });
    },
    websocket: { message: (socket, message) => void socket.send(message) },
  });
}

/** What Prometheus' own checker says of a text; "" where all is well. */
async function complaints(text: string): Promise<string> {
  const child = Bun.spawn([required("promtool"), "check", "metrics"], {
    stdin: new Blob([text]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const said = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  const code = await child.exited;
  return code === 0 ? "" : `exit code ${code}: ${said.join("")}`;
}

describe.each([1, 2])("metrics of %d workers", (threads) => {
  test("are as Prometheus' own checker wants them, and Prometheus scrapes them in both formats", async () => {
    using folder = temporaryFolder();
    const origin = startOrigin();
    await using stack = new AsyncDisposableStack();
    stack.defer(() => origin.stop(true));
    const { certFile, keyFile } = await certificateIn(folder.path);
    const admin = `127.0.0.1:${freePort()}`;
    const file = join(folder.path, "conf.yaml");
    await Bun.write(
      file,
      `threads: ${threads}
admin: ${admin}
upgrade_sock: ${folder.path}/upgrade.sock
listeners:
  - address: 127.0.0.1:0
  - address: 127.0.0.1:${freePort()}
    tls: { cert: ${certFile}, key: ${keyFile} }
routes:
  - name: 'odd "name" \\ with {braces}'
    match: { path: /odd }
    respond: { status: 418, body: tea }
  - name: dead
    match: { path: /dead }
    upstreams: [127.0.0.1:${refusingPort()}]
  - name: app
    match: { host: [app.example, localhost] }
    upstreams: [127.0.0.1:${origin.port}]
`,
    );
    const run = stack.use(await startBinary(["-c", file], { env: { RUNTIME_DIRECTORY: join(folder.path, "run") } }));
    const { port } = await listeningAt(run);
    const url = `http://localhost:${port}`;
    const statuses: number[] = [];
    for (const path of ["/", "/bad", "/odd", "/dead"]) {
      const response = await fetch(url + path, { method: "POST", body: "12345", keepalive: false });
      await response.bytes();
      statuses.push(response.status);
    }
    expect(statuses).toEqual([200, 500, 418, 502]);
    const socket = new WebSocket(`ws://localhost:${port}/`);
    const echoed = Promise.withResolvers<void>();
    socket.onopen = () => socket.send("a");
    socket.onmessage = () => echoed.resolve();
    await echoed.promise;
    const metrics = async () => await (await fetch(`http://${admin}/metrics`, { proxy: "" })).text();
    await untilSo(async () => sampleIn(await metrics(), "gatekeeper_websockets_open") === 1, "the WebSocket");

    const text = await metrics();
    expect(await complaints(text)).toBe("");
    expect(await complaints(`${text}gatekeeper_more_total 1\n`)).toContain("gatekeeper_more_total");
    expect(sampleIn(text, 'gatekeeper_requests_total{host="localhost",route="app",code="200"}')).toBe(1);
    expect(
      sampleIn(text, `gatekeeper_certificate_expiry_timestamp_seconds{file="${certFile}",name="localhost"}`),
    ).toBeGreaterThan(Date.now() / 1_000);

    // Prometheus asks for OpenMetrics first, and refuses what is none.
    const prometheus = await startPrometheus(stack, folder.path, admin);
    const query = encodeURIComponent('gatekeeper_requests_total{code="418"}');
    const found = async () =>
      (await (await fetch(`${prometheus}/api/v1/query?query=${query}`, { proxy: "" })).json()) as Found;
    await untilSo(async () => (await found()).data.result.length > 0, "a scrape");
    const { result } = (await found()).data;
    expect(result).toHaveLength(1);
    expect(result[0]).toMatchObject({
      metric: { host: "localhost", route: 'odd "name" \\ with {braces}', job: "gatekeeper" },
      value: [expect.any(Number), "1"],
    });
    socket.close();
  });
});

interface Found {
  readonly data: { readonly result: readonly { readonly metric: object; readonly value: readonly unknown[] }[] };
}

async function startPrometheus(stack: AsyncDisposableStack, folder: string, admin: string): Promise<string> {
  const address = `127.0.0.1:${freePort()}`;
  const file = join(folder, "prometheus.yml");
  const job = `{ job_name: gatekeeper, static_configs: [{ targets: ["${admin}"] }] }`;
  await Bun.write(file, `global: { scrape_interval: 1s }\nscrape_configs: [${job}]\n`);
  const words = [`--config.file=${file}`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=${address}`];
  stack.use(serve([required("prometheus"), ...words]));
  await untilSo(
    async () => (await fetch(`http://${address}/-/ready`, { proxy: "" }).catch(() => undefined))?.ok === true,
    "Prometheus",
  );
  return `http://${address}`;
}

async function certificateIn(folder: string): Promise<{ readonly certFile: string; readonly keyFile: string }> {
  const { cert, key } = makeCertificate({ names: ["localhost"] });
  const [certFile, keyFile] = [join(folder, "site.pem"), join(folder, "site.key")];
  await Promise.all([Bun.write(certFile, cert), Bun.write(keyFile, key)]);
  return { certFile, keyFile };
}
