import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../scripts/bench/processes.ts";
import { listeningAt, startBinary, temporaryFolder } from "../helpers/binary.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { until } from "../helpers/streams.ts";
import { required, serve } from "./programs.ts";

setDefaultTimeout(60_000);

/** Bytes, one char for each. */
function bytes(text: string): string {
  return Buffer.from(text).toString("latin1");
}

const VALUES = [
  "curl/8.0",
  "",
  '"quoted" \\ and \\x41',
  "tab\tand \u007f",
  bytes("gr\u00fcn \u2028 \u{1f600}"),
  "\u00ff\u00fe\u0080",
  '[25/Nov/2026:00:00:00 +0000] "GET / HTTP/1.1" 200',
  "~!@#$%^&*()_+`-={}|[]:;'<>?,./",
];

const TARGETS = ["/", "/a?b=c&d", "/%22%5c%0d%ff", "/a%20b/*~!$'()+,;:@", "/?x=[]{}|^`"];

function requests(): readonly string[] {
  const all: string[] = [];
  for (const value of VALUES)
    all.push(`GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: ${value}\r\nReferer: ${value}\r\n\r\n`);
  for (const target of TARGETS) all.push(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
  for (const method of ["HEAD", "DELETE", "OPTIONS"]) all.push(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`);
  all.push("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
  all.push("GET /old HTTP/1.0\r\n\r\n");
  return all;
}

/** Sends each on a connection of its own, and gives the lines that were logged, without their times. */
async function linesOf(port: number, log: string): Promise<readonly string[]> {
  for (const request of requests()) {
    await using client = await RawClient.connect(port);
    client.send(Buffer.from(request, "latin1"));
    await client.answer(request.slice(0, request.indexOf(" ")));
  }
  const read = (): string[] => (existsSync(log) ? readFileSync(log, "latin1").split("\n").slice(0, -1) : []);
  await until(() => read().length >= requests().length, "all lines");
  return read().map((line) => line.replace(/\[[^\]]{26}\]/, "[time]"));
}

test("a combined log is what nginx writes of the same requests, byte for byte", async () => {
  using folder = temporaryFolder();
  const [port, theirs, ours] = [freePort(), join(folder.path, "nginx.log"), join(folder.path, "gatekeeper.log")];
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${folder.path}/${name};`,
  );
  const file = join(folder.path, "nginx.conf");
  await Bun.write(
    file,
    `daemon off; worker_processes 1; pid ${folder.path}/nginx.pid; error_log ${folder.path}/error.log; events {}
http { ${temporary.join(" ")} access_log ${theirs} combined; default_type text/plain;
server { listen 127.0.0.1:${port}; location / { return 200 body; } } }
`,
  );
  await using _nginx = serve([required("nginx"), "-c", file, "-p", folder.path]);
  const isUp = async (): Promise<boolean> => {
    try {
      await using _client = await RawClient.connect(port);
      return true;
    } catch {
      return false;
    }
  };
  while (!(await isUp())) await Bun.sleep(20);
  const wanted = await linesOf(port, theirs);

  const conf = join(folder.path, "gatekeeper.yaml");
  const log = `access_log: { output: ${ours}, format: combined }`;
  await Bun.write(conf, `bind: 127.0.0.1:0\nadmin: off\n${log}\nroutes: [{ respond: body }]\n`);
  await using gatekeeper = await startBinary(["-c", conf]);
  const { port: own } = await listeningAt(gatekeeper);
  expect(await linesOf(own, ours)).toEqual(wanted);
});
