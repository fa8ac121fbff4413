import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { listeningAt, startBinary } from "../helpers/binary.ts";
import { download, listen, memoryOf, upload } from "../helpers/flow.ts";
import { LANES } from "../helpers/lanes.ts";

// Each wait has a deadline of its own; this is for a test that hangs.
setDefaultTimeout(180_000);

const BYTES = 2_000_000_000;
/** A third of a second of rest after each 50 MB: 2 GB in about 14 s. */
const PACE = { bytesPerSecond: 150_000_000, burstBytes: 50_000_000 };
const MOST_MEMORY_MB = 150;

describe.each(LANES)("2 GB through a slow reader keep the proxy under 150 MB ($lane lane)", ({ fields }) => {
  test.each([
    ["download, by length", download, false],
    ["download, chunked", download, true],
    ["upload, by length", upload, false],
    ["upload, chunked", upload, true],
  ] as const)("%s", async (name, flow, chunked) => {
    await using origin = await listen();
    await using run = await startBinary(["--bind", "127.0.0.1:0", "--upstream", `127.0.0.1:${origin.port}`]);
    const { port } = await listeningAt(run);
    const began = performance.now();
    await flow({ port, origin: origin.server, fields, bytes: BYTES, chunked, pace: PACE });
    const { nowMB, peakMB } = memoryOf(run.pid);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    process.stdout.write(`${name}: ${seconds} s, ${nowMB.toFixed(0)} MB at the end, ${peakMB.toFixed(0)} MB at most\n`);
    expect(peakMB).toBeLessThan(MOST_MEMORY_MB);
  });
});
