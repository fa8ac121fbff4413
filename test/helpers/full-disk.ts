// Writes more to a log than its file may have, makes a little room, and writes once more. `bun full-disk.ts PATH`.
import { statSync, truncateSync } from "node:fs";
import { LineLog } from "../../src/observe/line-log.ts";

const [path = ""] = process.argv.slice(2);
let failures = 0;
const events = { onFailure: () => void failures++, onRollFailure() {}, onLoss() {}, dropped: () => "" };
await using log = new LineLog({ type: "file", path, rolling: undefined }, events);
for (let i = 0; i < 100; i++) log.write(`${"x".repeat(50)}\n`);
await log.flush();
if (failures !== 1 || log.dropped !== 100) process.exit(1);
// Some whole lines and part of one stay.
truncateSync(path, statSync(path).size - 51);
log.write("after\n");
await log.flush();
if (failures !== 1) process.exit(2);
