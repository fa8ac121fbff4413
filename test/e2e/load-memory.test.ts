import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { listeningAt, startBinary } from "../helpers/binary.ts";
import { download, listen, memoryOf, upload } from "../helpers/flow.ts";
import { LANES } from "../helpers/lanes.ts";

// Each wait has a deadline of its own; this is for a test that hangs. Five seconds, the default, are too few here.
setDefaultTimeout(30_000);

const BYTES = 128_000_000;
/** Stops for a third of a second after each 16 MB. */
const PACE = { bytesPerSecond: 50_000_000, burstBytes: 16_000_000 };
const MOST_MEMORY_MB = 150;

describe.concurrent.each(LANES)("a slow reader of 128 MB does not make the proxy grow ($lane lane)", ({ fields }) => {
  test.concurrent.each([
    ["download, by length", download, false],
    ["download, chunked", download, true],
    ["upload, by length", upload, false],
    ["upload, chunked", upload, true],
  ] as const)("%s", async (_name, flow, chunked) => {
    await using origin = await listen();
    await using run = await startBinary(["--bind", "127.0.0.1:0", "--upstream", `127.0.0.1:${origin.port}`]);
    const { port } = await listeningAt(run);
    await flow({ port, origin: origin.server, fields, bytes: BYTES, chunked, pace: PACE });
    expect(memoryOf(run.pid).peakMB).toBeLessThan(MOST_MEMORY_MB);
  });
});
