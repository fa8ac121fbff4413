import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { listeningAt, startBinary } from "../helpers/binary.ts";
import { LANES, requestText } from "../helpers/lanes.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { RawOrigin } from "../helpers/raw-origin.ts";
import { bestOf } from "../helpers/best-of.ts";

// Each wait has a deadline of its own; this is for a test that hangs. Five seconds, the default, are too few here.
setDefaultTimeout(30_000);

const STREAMS = 2_000;
const EVENT = "data: hello\n\n";
const OPENING = `${EVENT.length.toString(16)}\r\n${EVENT}\r\n`;
const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const QUICK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
/** A new request is answered within this, in the middle of all the streams. */
const AT_ONCE_MS = 250;

/** Sockets that a process may have. Bun raises its own limit to the hard one at start (1.4.5), so that one counts. */
function mostOpenFiles(): number {
  if (process.platform !== "linux") return Number.POSITIVE_INFINITY;
  const line = /Max open files\s+\S+\s+(\S+)/.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
  return line === "unlimited" ? Number.POSITIVE_INFINITY : Number(line);
}

test.each(LANES)(
  `${STREAMS} event streams are open and new requests are still answered at once ($lane lane)`,
  async ({ fields }) => {
    if (mostOpenFiles() < 2.2 * STREAMS) throw new Error("raise `ulimit -Hn`: two sockets are open for each stream");
    await using origin = RawOrigin.start(({ connection, target }) => {
      connection.send(target === "/quick" ? QUICK : `${HEAD}${OPENING}`);
    });
    const args = ["--bind", "127.0.0.1:0", "--upstream", `127.0.0.1:${origin.port}`];
    await using run = await startBinary(args);
    const { port } = await listeningAt(run);
    const clients: RawClient[] = [];
    try {
      for (let opened = 0; opened < STREAMS; opened += 100) {
        const batch = await Promise.all(Array.from({ length: 100 }, () => RawClient.connect(port)));
        clients.push(...batch);
        for (const client of batch) client.send(requestText("GET", "/events", fields));
        await Promise.all(batch.map((client) => client.until(() => client.unread.includes(EVENT), "an event", 20_000)));
      }
      await using quick = await RawClient.connect(port);
      /** The longest of some. */
      const longest = async (): Promise<number> => {
        const times: number[] = [];
        for (let i = 0; i < 20; i++) {
          const began = performance.now();
          expect((await quick.request("GET", "/quick", fields)).status).toBe(200);
          times.push(performance.now() - began);
        }
        return Math.max(...times);
      };
      expect(await bestOf(AT_ONCE_MS, longest)).toBeLessThan(AT_ONCE_MS);
      // Each of them still lives: the next event reaches every one.
      const streams = origin.exchanges.filter(({ target }) => target === "/events");
      expect(streams).toHaveLength(STREAMS);
      for (const { connection } of streams) connection.send("7\r\ndata: 2\r\n");
      await Promise.all(
        clients.map((client) => client.until(() => client.unread.includes("data: 2"), "event 2", 20_000)),
      );
      for (const client of clients) client[Symbol.dispose]();
      await Promise.all(streams.map(({ connection }) => connection.ended()));
    } finally {
      for (const client of clients) client[Symbol.dispose]();
    }
  },
  60_000,
);
