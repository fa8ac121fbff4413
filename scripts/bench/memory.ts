import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pinned, processesOf } from "./processes.ts";

/** Memory that a process and all that it started hold, shared pages by their part (PSS). */
export async function memoryBytes(root: number): Promise<number> {
  const sizes = await Promise.all((await processesOf(root)).map(processBytes));
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

/** Of one process alone; 0 where it is gone. */
export async function processBytes(pid: number): Promise<number> {
  try {
    const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
    return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** So many are opened and closed before memory is looked at: what the first ones take is not each one's. */
const FIRST = 500;
/** How long is waited for what opening or closing took to be given back, or not: both count. */
const SETTLE_MS = 3_000;

interface IdleSockets {
  readonly port: number;
  readonly count: number;
  readonly core: number | undefined;
}

/**
 * Opens so many WebSockets, looks at the proxy's memory before and while they idle, and gives that of before and what
 * each costs. What the kernel has for them comes on top, and is the same for every proxy.
 */
export async function idleSocketBytes(
  proxy: number,
  { port, count, core }: IdleSockets,
): Promise<{ readonly bytesEach: number; readonly idleBytes: number; readonly errors: number }> {
  // Also, a system may have put aside the memory of a program that has waited for its turn.
  await whileOpen({ port, count: Math.min(FIRST, count), core }, async () => {});
  await Bun.sleep(SETTLE_MS);
  const before = await memoryBytes(proxy);
  let after = before;
  const errors = await whileOpen({ port, count, core }, async () => {
    await Bun.sleep(SETTLE_MS);
    after = await memoryBytes(proxy);
  });
  return { bytesEach: (after - before) / count, idleBytes: before, errors };
}

/** Gives how many were lost meanwhile. */
async function whileOpen({ port, count, core }: IdleSockets, look: () => Promise<void>): Promise<number> {
  const command = [process.execPath, join(import.meta.dir, "programs/sockets.ts"), "idle", String(port), String(count)];
  const child = Bun.spawn(pinned(command, core), { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const first = await lines.read();
  if (first.done || !first.value.startsWith("open")) throw new Error("the WebSockets could not all be opened");
  await look();
  await child.stdin.end();
  const last = await lines.read();
  await child.exited;
  return last.done ? count : (JSON.parse(last.value) as { lost: number }).lost;
}
