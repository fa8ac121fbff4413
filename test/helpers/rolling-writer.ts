// Writes COUNT lines `NAME number` to a log that is rolled at SIZE bytes. `bun rolling-writer.ts PATH SIZE NAME COUNT`.
import { LineLog } from "../../src/observe/line-log.ts";

const [path = "", size, name, count] = process.argv.slice(2);
const rolling = { sizeBytes: Number(size), keep: 0, keepForMs: 0, compresses: false, lookEveryMs: 0 };
const fail = (reason: string): void => {
  console.error(reason);
  process.exitCode = 1;
};
await using log = new LineLog(
  { type: "file", path, rolling },
  { onFailure: fail, onRollFailure: fail, onLoss() {}, dropped: () => "" },
);
for (let i = 0; i < Number(count); i++) {
  log.write(`${name} ${i}\n`);
  // Small batches, so that they come between each other.
  if (i % 20 === 19) await log.flush();
}
