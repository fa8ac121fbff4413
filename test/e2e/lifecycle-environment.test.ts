import { expect, setDefaultTimeout, test } from "bun:test";
import { listeningAt, startBinary } from "../helpers/binary.ts";
import { LANES } from "../helpers/lanes.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";

// The executable is built first.
setDefaultTimeout(30_000);

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

test("HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, in either case, divert nothing", async () => {
  await using origin = RawOrigin.start(OK);
  await using diverted = RawOrigin.start("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad");
  const elsewhere = `http://127.0.0.1:${diverted.port}`;
  const env: Record<string, string> = {};
  for (const name of ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"]) {
    env[name] = elsewhere;
    env[name.toLowerCase()] = elsewhere;
  }
  env["NO_PROXY"] = "nowhere.test";
  env["no_proxy"] = "nowhere.test";
  const args = ["--bind", "127.0.0.1:0", "--upstream", `127.0.0.1:${origin.port}`];
  await using run = await startBinary(args, { env });
  const { port } = await listeningAt(run);
  for (const { fields } of LANES) {
    await using client = await RawClient.connect(port);
    for (const [method, body] of [
      ["GET", ""],
      ["POST", "hello"],
    ] as const) {
      const length = body === "" ? [] : [`Content-Length: ${body.length}`];
      const answer = await client.request(method, "/", [...fields, ...length], body);
      expect([answer.status, answer.body.toString()]).toEqual([200, "ok"]);
    }
  }
  expect(origin.exchanges).toHaveLength(4);
  expect(diverted.connections).toHaveLength(0);
});
