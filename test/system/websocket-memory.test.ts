import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import path from "node:path";
import { frame, Op, RawOrigin, rawClient, type RawSocket } from "../helpers/ws-raw.ts";

// Each wait has a deadline of its own; this is for a test that hangs.
setDefaultTimeout(180_000);

const MESSAGE = 64 * 1024;
const COUNT = 16_384;
const BYTES_PER_SECOND = 10_000_000;
const MOST_MEMORY_MB = 150;

/** The most memory a process ever had, in MB (Linux). */
function peakMemoryMB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  for await (const chunk of stream) return Buffer.from(chunk).toString().trim();
  throw new Error("the process wrote nothing");
}

/** Sends numbered messages as fast as the socket takes them. */
function flood(sender: RawSocket): void {
  const { socket, masked } = sender;
  const message = Buffer.alloc(MESSAGE, 0xa5);
  let next = 0;
  function send(): void {
    while (next < COUNT) {
      message.writeUInt32BE(next++, 0);
      if (!socket.write(frame(Op.binary, message, { masked }))) return;
    }
  }
  socket.on("drain", send);
  send();
}

/** Reads them at 10 MB/s and checks each; gives how many came. */
function readSlowly(receiver: RawSocket): Promise<number> {
  const { socket } = receiver;
  const isMasked = !receiver.masked;
  const headBytes = isMasked ? 14 : 10;
  const size = headBytes + MESSAGE;
  const current = Buffer.alloc(size);
  const begin = performance.now();
  let filled = 0;
  let total = 0;
  let count = 0;
  socket.removeAllListeners("data");
  return new Promise((resolve, reject) => {
    function check(): void {
      const key = isMasked ? current.readUInt32BE(10) : 0;
      const number = (current.readUInt32BE(headBytes) ^ key) >>> 0;
      const last = (current.readUInt32BE(size - 4) ^ key) >>> 0;
      const isWhole = current[0] === 0x82 && current.readUInt32BE(6) === MESSAGE && last === 0xa5a5a5a5;
      if (number !== count || !isWhole) reject(new Error(`message ${count} is not itself`));
      count++;
      if (count === COUNT) resolve(count);
    }
    socket.on("data", (chunk: Buffer) => {
      total += chunk.length;
      for (let at = 0; at < chunk.length;) {
        const copied = chunk.copy(current, filled, at);
        at += copied;
        filled += copied;
        if (filled === size) {
          filled = 0;
          check();
        }
      }
      const aheadMs = (total / BYTES_PER_SECOND) * 1000 - (performance.now() - begin);
      if (aheadMs > 5) {
        socket.pause();
        setTimeout(() => socket.resume(), aheadMs);
      }
    });
    socket.on("close", () => reject(new Error(`closed after ${count} messages`)));
    socket.resume();
  });
}

test("1 GiB each way to receivers that read 10 MB/s stays under 150 MB, whole and in order", async () => {
  await using origin = await RawOrigin.start();
  const script = path.join(import.meta.dir, "../helpers/ws-proxy-process.ts");
  await using proxy = Bun.spawn([process.execPath, script, String(origin.port)], { stdout: "pipe", stderr: "inherit" });
  const port = Number(await firstLine(proxy.stdout));
  const reads: Promise<number>[] = [];
  for (const from of ["client", "upstream"] as const) {
    const client = await rawClient(port);
    const upstream = await origin.next();
    upstream.accept();
    await client.head();
    const [sender, receiver] = from === "client" ? [client, upstream] : [upstream, client];
    receiver.socket.pause();
    reads.push(readSlowly(receiver));
    flood(sender);
  }
  expect(await Promise.all(reads)).toEqual([COUNT, COUNT]);
  const peak = peakMemoryMB(proxy.pid);
  process.stdout.write(`peak memory of the proxy: ${peak.toFixed(0)} MB\n`);
  expect(peak).toBeLessThan(MOST_MEMORY_MB);
}, 300_000);
