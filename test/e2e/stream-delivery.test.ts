import { describe, expect, test } from "bun:test";
import { LANES, requestText } from "../helpers/lanes.ts";
import { startProxy } from "../helpers/proxy.ts";
import { RawClient } from "../helpers/raw-client.ts";
import { valueOf } from "../helpers/raw-head.ts";
import { type Exchange, RawOrigin } from "../helpers/raw-origin.ts";
import { bestOf } from "../helpers/best-of.ts";

const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n";
const EVENT_STREAM = `${CHUNKED}Content-Type: text/event-stream\r\n`;
const ROUNDS = 31;
const MOST_DELAY_MS = 5;

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}

/** What the client has got of a body, chunks and all. */
async function until(client: RawClient, text: string): Promise<void> {
  await client.until(() => client.unread.includes(text), text);
}

describe.each(LANES)("an answer is handed on as it comes ($lane lane)", ({ fields }) => {
  test.each([
    ["chunked", CHUNKED, (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`],
    ["an event stream", EVENT_STREAM, (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`],
    ["of a known length over the limit", "HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n", (text: string) => text],
    ["ended by its connection", "HTTP/1.1 200 OK\r\n", (text: string) => text],
  ])("%s: each piece is there before the next is sent", async (_name, head, piece) => {
    await using origin = RawOrigin.start(({ connection }) => connection.send(`${head}\r\n${piece("piece 1.")}`));
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    client.send(requestText("GET", "/", fields));
    const { connection } = await origin.exchange();
    await until(client, "piece 1.");
    for (let i = 2; i < 20; i++) {
      connection.send(piece(`piece ${i}.`));
      await until(client, `piece ${i}.`);
    }
  });

  test("the head of an event stream comes while the upstream is silent, its end by a comment", async () => {
    await using origin = RawOrigin.start(({ connection }) => connection.send(`${EVENT_STREAM}X-A: 1\r\n\r\n`));
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    client.send(requestText("GET", "/", fields));
    const head = await client.head();
    expect([head.start, valueOf(head, "content-type"), valueOf(head, "x-a")]).toEqual([
      "HTTP/1.1 200 OK",
      "text/event-stream",
      "1",
    ]);
    expect((await client.chunk()).toString()).toBe(":\n");
    const { connection } = await origin.exchange();
    connection.send("9\r\ndata: 1\n\n\r\n0\r\n\r\n");
    expect((await client.chunk()).toString()).toBe("data: 1\n\n");
    expect((await client.chunk()).length).toBe(0);
  });

  test("an event stream that speaks at once gets no comment, nor does an encoded one", async () => {
    const encoded = `${EVENT_STREAM}Content-Encoding: br\r\n\r\n`;
    await using origin = RawOrigin.start(({ connection, target }) => {
      connection.send(target === "/encoded" ? encoded : `${EVENT_STREAM}\r\n9\r\ndata: 1\n\n\r\n0\r\n\r\n`);
    });
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    expect((await client.request("GET", "/", fields)).body.toString()).toBe("data: 1\n\n");
    client.send(requestText("GET", "/encoded", fields));
    const { connection } = await origin.exchange(2);
    // An event stream beside it that is silent just as long has its comment by now.
    await using silent = RawOrigin.start((exchange) => exchange.connection.send(`${EVENT_STREAM}\r\n`));
    await using other = await startProxy(silent.port);
    await using beside = await RawClient.connect(other.port);
    beside.send(requestText("GET", "/", fields));
    await until(beside, ":\n");
    connection.send("3\r\nabc\r\n0\r\n\r\n");
    expect((await client.answer()).body.toString()).toBe("abc");
  });

  test(`the first byte comes within ${MOST_DELAY_MS} ms of a direct client's, and so does each event`, async () => {
    const sentAt: number[] = [];
    const write = ({ connection }: Exchange): void => {
      sentAt.push(performance.now());
      connection.send(`${EVENT_STREAM}\r\n9\r\ndata: 1\n\n\r\n`);
    };
    await using origin = RawOrigin.start(write);
    await using proxy = await startProxy(origin.port);
    const delays = async (port: number): Promise<[number, number]> => {
      const first: number[] = [];
      const later: number[] = [];
      for (let i = 0; i < ROUNDS; i++) {
        await using client = await RawClient.connect(port);
        client.send(requestText("GET", "/", fields));
        await until(client, "data: 1\n\n");
        first.push(performance.now() - (sentAt.at(-1) as number));
        const started = performance.now();
        origin.exchanges.at(-1)?.connection.send("9\r\ndata: 2\n\n\r\n");
        await until(client, "data: 2\n\n");
        later.push(performance.now() - started);
      }
      return [median(first), median(later)];
    };
    const added = async (): Promise<number> => {
      const [direct, through] = [await delays(origin.port), await delays(proxy.port)];
      return Math.max(through[0] - direct[0], through[1] - direct[1]);
    };
    expect(await bestOf(MOST_DELAY_MS, added)).toBeLessThan(MOST_DELAY_MS);
  });
});

describe.each(LANES)("an upload is handed on as it comes ($lane lane)", ({ fields }) => {
  test.each([
    ["Content-Length: 12", "", ["abc", "def", "ghi", "jkl"]],
    ["Transfer-Encoding: chunked", "0\r\n\r\n", ["3\r\nabc\r\n", "3\r\ndef\r\n", "3\r\nghi\r\n", "3\r\njkl\r\n"]],
  ])("%s: each piece is there before the next is sent", async (framing, end, pieces) => {
    let received = "";
    await using origin = RawOrigin.start(async (exchange) => {
      const { connection } = exchange;
      for (const piece of ["abc", "def", "ghi", "jkl"]) {
        await connection.until(() => connection.unread.toString().includes(piece), piece);
        received += piece;
        wake.shift()?.();
      }
      await exchange.reply("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone");
    });
    const wake: (() => void)[] = [];
    await using proxy = await startProxy(origin.port);
    await using client = await RawClient.connect(proxy.port);
    client.send(requestText("POST", "/", [...fields, framing]));
    for (const piece of pieces) {
      const arrived = new Promise<void>((resolve) => wake.push(resolve));
      client.send(piece);
      await arrived;
    }
    client.send(end);
    expect((await client.answer("POST")).body.toString()).toBe("done");
    expect(received).toBe("abcdefghijkl");
  });
});
