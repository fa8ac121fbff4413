import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { listeningAt, startBinary, temporaryFolder } from "../helpers/binary.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { refusingPort } from "../helpers/raw-origin.ts";
import { NotedSocket, startStreamsOrigin, until } from "../helpers/streams.ts";
import { required, run } from "./programs.ts";

setDefaultTimeout(120_000);

/** What clients send that readers of logs stumble over. */
const AGENTS = [
  "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
  'quote " and \\ backslash',
  '" 200 5 "-" "-',
  "gr\u00fcn \u00ff",
  "\ttab\t",
  "",
  "$(id) {${jndi:ldap://a}} %s %n",
  // goaccess itself reads lines of up to 4096 bytes.
  "x".repeat(1800),
];

const TARGETS = [
  "/",
  "/a%20b?c=%22d%22",
  "/%0d%0aX:1",
  "/%ff%fe",
  "/?q=a b".replace(" ", "+"),
  "/a//b/../c",
  "/favicon.ico",
];

/** The report of goaccess, as far as it is looked at. */
interface Report {
  readonly general: {
    readonly total_requests: number;
    readonly valid_requests: number;
    readonly failed_requests: number;
    readonly bandwidth: number;
  };
}

test("goaccess reads every line of a combined log", async () => {
  await using origin = startStreamsOrigin("body");
  using folder = temporaryFolder();
  const log = join(folder.path, "access.log");
  const conf = join(folder.path, "gatekeeper.yaml");
  await Bun.write(
    conf,
    `
listeners: [{ address: ["127.0.0.1:0", "[::1]:0"], trusted_proxies: private_ranges }]
access_log: { output: ${log}, format: combined, redact_query: q }
routes:
  - { match: { path: /fixed }, respond: fixed }
  - { match: { path: /moved }, redirect: /elsewhere }
  - { match: { path: /down }, upstreams: "127.0.0.1:${refusingPort()}" }
  - { match: { not: { path: /none } }, upstreams: "127.0.0.1:${origin.port}" }
`,
  );
  let count = 0;
  {
    await using gatekeeper = await startBinary(["-c", conf, "--threads", "2", "--admin", "off"]);
    const { port } = await listeningAt(gatekeeper);
    const ask = async (method: string, target: string, fields: readonly string[], body = ""): Promise<void> => {
      await using client = await RawClient.connect(port);
      await client.request(method, target, ["Host: a.test", "Connection: close", ...fields], body);
      count++;
    };
    for (const agent of AGENTS) await ask("GET", "/", [`User-Agent: ${agent}`, `Referer: https://b.test/?q=${agent}`]);
    for (const target of TARGETS) await ask("GET", target, []);
    for (const target of ["/fixed", "/moved", "/down", "/none"]) await ask("GET", target, []);
    for (const method of ["HEAD", "DELETE", "OPTIONS", "TRACE"]) await ask(method, "/", []);
    for (const method of ["POST", "PUT", "PATCH"]) await ask(method, "/", ["Content-Length: 3"], "abc");
    for (const client of ["192.0.2.7", "2001:db8::7", '"nonsense"', "192.0.2.8, 10.0.0.1"]) {
      await ask("GET", "/", [`X-Forwarded-For: ${client}`]);
    }
    using socket = await NotedSocket.open(`ws://127.0.0.1:${port}/up`);
    await socket.echo();
    socket[Symbol.dispose]();
    count++;
    {
      await using old = await RawClient.connect(port);
      old.send("GET /old HTTP/1.0\r\n\r\n");
      await old.answer();
      count++;
    }
    // One that leaves before its answer is there.
    {
      await using leaving = await RawClient.connect(port);
      leaving.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
      await origin.waiting(1);
      count++;
    }
    await until(() => origin.sockets === 0, "the end of the WebSocket");
  }
  const lines = readFileSync(log, "latin1").split("\n").slice(0, -1);
  expect(lines).toHaveLength(count);
  expect(lines.filter((line) => line.includes(" 499 "))).toHaveLength(1);
  expect(lines.filter((line) => line.includes('"GET /up HTTP/1.1" 101 '))).toHaveLength(1);

  const [report, invalid] = [join(folder.path, "report.json"), join(folder.path, "invalid.log")];
  const read = await run([
    required("goaccess"),
    log,
    "--no-global-config",
    "--log-format=COMBINED",
    `--output=${report}`,
    `--invalid-requests=${invalid}`,
  ]);
  expect(read.code).toBe(0);
  expect(readFileSync(invalid, "utf8")).toBe("");
  const { general } = (await Bun.file(report).json()) as Report;
  expect(general).toMatchObject({ total_requests: count, valid_requests: count, failed_requests: 0 });
  const bytes = lines.map((line) => Number(/" \d{3} (\d+) "/.exec(line)?.[1]));
  expect(general.bandwidth).toBe(bytes.reduce((sum, each) => sum + each, 0));
});
