import { expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { pythonWithWebsockets, run, serve } from "./programs.ts";

// Each wait has a deadline of its own; this is for a test that hangs.
setDefaultTimeout(180_000);

const PEERS = join(import.meta.dir, "websocket-peers.py");
const PROXY = join(import.meta.dir, "../helpers/ws-proxy-process.ts");

test("Python's websockets talk to each other through the bridge, with HTTP_PROXY set to nothing that answers", async () => {
  const python = await pythonWithWebsockets();
  await using origin = serve([python, PEERS, "serve"]);
  const nowhere = "http://127.0.0.1:1";
  const env = { HTTP_PROXY: nowhere, http_proxy: nowhere, HTTPS_PROXY: nowhere, ALL_PROXY: nowhere };
  await using proxy = serve([process.execPath, PROXY, await origin.line(/^\d+$/)], env);
  const result = await run([python, PEERS, "talk", await proxy.line(/^\d+$/)]);
  expect(result).toMatchObject({ code: 0, stdout: "all good\n" });
});
