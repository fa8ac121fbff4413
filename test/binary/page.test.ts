import { expect, setDefaultTimeout, test } from "bun:test";
import { bundlePage } from "../../src/page/bundle.ts";
import { startBinary } from "../helpers/binary.ts";

// The executable is built first.
setDefaultTimeout(30_000);

test("the executable has the page in it, as it is bundled from source", async () => {
  await using run = await startBinary(["--bind", "127.0.0.1:0", "--upstream", "127.0.0.1:9", "--admin", "127.0.0.1:0"]);
  const [, url = ""] = await run.seen(/admin listener is open.*?(http:[^"\s]+)/);
  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("Content-Security-Policy")).toStartWith("default-src 'none'; script-src 'sha256-");
  expect(await answer.text()).toBe(await bundlePage());
});
