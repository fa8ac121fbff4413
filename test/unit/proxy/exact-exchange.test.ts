import { describe, expect, test } from "bun:test";
import { ProxyError } from "../../../src/core/errors.ts";
import type { Carrier } from "../../../src/proxy/exact/carrier.ts";
import { Exchange } from "../../../src/proxy/exact/exchange.ts";
import { KnownFields } from "../../../src/proxy/exact/known-fields.ts";
import { RepeatedHead } from "../../../src/proxy/exact/repeated-head.ts";
import type { Outgoing, UpstreamAnswer } from "../../../src/proxy/lane.ts";
import { until } from "../../helpers/streams.ts";

type Ending = "release" | "close" | "terminate";

/** A connection that is nothing but what was done to it. */
class FakeCarrier implements Carrier {
  sent = "";
  /** How many bytes it takes before its next drain; -1 is a closed one. */
  room = Number.POSITIVE_INFINITY;
  isPaused = false;
  readonly endings: Ending[] = [];

  write(bytes: string | Uint8Array): number {
    if (this.room < 0) return -1;
    const taken = Math.min(bytes.length, this.room);
    this.room -= taken;
    this.sent += (typeof bytes === "string" ? bytes : Buffer.from(bytes).toString("latin1")).slice(0, taken);
    return taken;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  release(): void {
    this.endings.push("release");
  }

  close(): void {
    this.endings.push("close");
  }

  terminate(): void {
    this.endings.push("terminate");
  }
}

interface Running {
  readonly exchange: Exchange;
  readonly carrier: FakeCarrier;
  readonly answer: Promise<UpstreamAnswer>;
  /** How often another connection was asked for. */
  redials: number;
}

const OPENING = "REQUEST\r\n\r\n";

function start(
  given: Partial<Outgoing> = {},
  isReused = false,
  room = Number.POSITIVE_INFINITY,
  repeated = new RepeatedHead(),
): Running {
  const outgoing: Outgoing = {
    method: "GET",
    target: "/",
    headers: new Headers(),
    body: undefined,
    signal: new AbortController().signal,
    ...given,
  };
  const settle = Promise.withResolvers<UpstreamAnswer>();
  settle.promise.catch(() => {});
  const carrier = new FakeCarrier();
  carrier.room = room;
  const route = {
    known: new KnownFields(),
    repeated,
    onKeepAlive() {},
    settle() {},
    connect() {},
    dial: () => running.redials++,
  };
  const exchange = new Exchange(outgoing, OPENING, settle, route);
  const running: Running = { exchange, carrier, answer: settle.promise, redials: 0 };
  exchange.assign(carrier);
  exchange.begin(isReused);
  return running;
}

interface Outcome {
  readonly status: number;
  readonly body: string;
  readonly error: string | undefined;
  readonly ending: Ending | undefined;
}

test("an answer whose head came before is the same as when it is read, and its fields are its own", async () => {
  const heads = [
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: b\r\nX-A: c\r\nConnection: keep-alive",
    "HTTP/1.1 404 No\r\nContent-Length: 2\r\nConnection: close",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nKeep-Alive: 5",
    "HTTP/1.1 204 No\r\nX-A: b",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d",
  ];
  const facts = async (head: string, repeated: RepeatedHead, method: string) => {
    const { exchange, carrier, answer } = start({ method }, false, undefined, repeated);
    const body = head.includes("chunked")
      ? "2\r\nok\r\n0\r\n\r\n"
      : head.includes("204") || method === "HEAD"
        ? ""
        : "ok";
    exchange.onData(Buffer.from(`${head}\r\n\r\n${body}`));
    const given = await answer;
    const fields = [...given.headers];
    given.headers.set("X-Edited", "yes");
    given.headers.delete("X-A");
    const bytes = Buffer.from(await given.bytes()).toString();
    return [given.status, fields, given.isEndToEnd, bytes, carrier.endings];
  };
  const repeated = new RepeatedHead();
  for (const head of [...heads, ...heads.toReversed()]) {
    for (const method of ["GET", "GET", "GET", "HEAD", "GET"]) {
      expect(await facts(head, repeated, method)).toEqual(await facts(head, new RepeatedHead(), method));
    }
  }
});

/** What becomes of an exchange to which these pieces come, and then the end of the connection. */
async function outcomeOf(pieces: readonly Buffer[], method: string, end: Error | undefined): Promise<Outcome> {
  const { exchange, carrier, answer } = start({ method });
  for (const piece of pieces) exchange.onData(piece);
  const before = carrier.endings[0];
  exchange.onEnd(end);
  const ending = before ?? carrier.endings[0];
  let status = 0;
  try {
    const head = await answer;
    status = head.status;
    const body = Buffer.from(await head.bytes()).toString("latin1");
    return { status, body, error: undefined, ending };
  } catch (error) {
    return { status, body: "", error: error instanceof ProxyError ? error.kind : String(error), ending };
  }
}

const BROKEN = "http_protocol_error";
const CUT = "connection_terminated";
const RESET = Object.assign(new Error("reset"), { code: "ECONNRESET" });

/** Method, bytes of the upstream before it closes, and what becomes of it: status, body or error, connection. */
const ANSWERS: readonly (readonly [string, string, number, string, string | undefined, Ending])[] = [
  ["GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", undefined, "release"],
  ["GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, "", undefined, "release"],
  ["GET", "HTTP/1.1 204 No Content\r\n\r\n", 204, "", undefined, "release"],
  ["GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, "", undefined, "release"],
  ["HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, "", undefined, "release"],
  ["HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, "", undefined, "release"],
  ["HEAD", "HTTP/1.1 200 OK\r\n\r\n", 200, "", undefined, "release"],
  [
    "GET",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    200,
    "hello",
    undefined,
    "release",
  ],
  ["GET", "HTTP/1.1 200 OK\r\n\r\nhello", 200, "hello", undefined, "close"],
  ["GET", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", undefined, "close"],
  ["GET", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", undefined, "close"],
  [
    "GET",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
    200,
    "a",
    undefined,
    "release",
  ],
  // Both framings: chunks count, and the connection is not used again.
  [
    "GET",
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    200,
    "hello",
    undefined,
    "close",
  ],
  // A 204 that speaks of a body.
  ["GET", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", 204, "", undefined, "close"],
  // Too little.
  ["GET", "", 0, "", CUT, "terminate"],
  ["GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", 0, "", CUT, "terminate"],
  ["GET", "HTTP/1.1 100 Continue\r\n\r\n", 0, "", CUT, "terminate"],
  ["GET", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", 200, "", CUT, "terminate"],
  ["GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n", 200, "", CUT, "terminate"],
  // Wrong.
  ["GET", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\n\r\n", 0, "", BROKEN, "terminate"],
  ["GET", "SSH-2.0-OpenSSH\r\n\r\n", 0, "", BROKEN, "terminate"],
  ["GET", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 0, "", BROKEN, "terminate"],
  ["GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nab", 0, "", BROKEN, "terminate"],
  [
    "GET",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n0\r\n\r\n",
    200,
    "",
    BROKEN,
    "terminate",
  ],
];

describe("an answer has one outcome, wherever its bytes are cut", () => {
  test.each(ANSWERS)("%s %j", async (method, text, status, body, error, ending) => {
    const bytes = Buffer.from(text, "latin1");
    const expected: Outcome = { status, body, error, ending };
    expect(await outcomeOf([bytes], method, undefined)).toEqual(expected);
    for (let cut = 1; cut < bytes.length; cut++) {
      const pieces = [bytes.subarray(0, cut), bytes.subarray(cut)];
      expect([cut, await outcomeOf(pieces, method, undefined)]).toEqual([cut, expected]);
    }
    expect(
      await outcomeOf(
        [...bytes].map((byte) => Buffer.from([byte])),
        method,
        undefined,
      ),
    ).toEqual(expected);
  });

  test("and a reset is no end for a body that lasts until the end of its connection", async () => {
    const bytes = Buffer.from("HTTP/1.1 200 OK\r\n\r\nhello");
    expect(await outcomeOf([bytes], "GET", RESET)).toMatchObject({ status: 200, error: CUT });
  });
});

test.each([
  ["GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"],
  ["GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"],
  ["GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"],
  ["HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"],
  ["GET", "HTTP/1.1 304 Not Modified\r\n\r\n"],
])("what comes behind an answer to %s (%j) ends the connection and is in no answer", async (method, text) => {
  const bytes = Buffer.from(`${text}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL`);
  const outcome = await outcomeOf([bytes], method, undefined);
  expect(outcome.ending).toBe("close");
  expect(outcome.body).not.toContain("EVIL");
});

test("a whole answer gives its bytes without waiting", async () => {
  const { exchange, answer } = start();
  exchange.onData(Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"));
  expect(Bun.peek((await answer).bytes())).toEqual(Buffer.from("hello"));
});

describe("the body of an answer", () => {
  const piece = Buffer.alloc(64 * 1024, "x");
  const open = async (): Promise<Running & { readonly body: ReadableStream<Uint8Array> }> => {
    const running = start();
    running.exchange.onData(Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n"));
    const { body } = await running.answer;
    if (body === null) throw new Error("it has a body");
    return { ...running, body };
  };

  test("makes its connection wait for a reader that does not keep up, with or without a stream", async () => {
    const { exchange, carrier, body } = await open();
    let pieces = 0;
    for (; !carrier.isPaused && pieces < 100; pieces++) exchange.onData(piece);
    expect(pieces).toBeLessThan(10);
    const reader = body.getReader();
    for (let n = 0; n < pieces; n++) await reader.read();
    expect(carrier.isPaused).toBe(false);
  });

  test("is never paused for one who wants it as a whole", async () => {
    const { exchange, carrier, answer } = start();
    exchange.onData(Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${100 * piece.length}\r\n\r\n`));
    for (let n = 0; n < 50; n++) exchange.onData(piece);
    expect(carrier.isPaused).toBe(true);
    const bytes = (await answer).bytes();
    for (let n = 0; n < 50; n++) {
      expect(carrier.isPaused).toBe(false);
      exchange.onData(piece);
    }
    expect((await bytes).length).toBe(100 * piece.length);
    expect(carrier.endings).toEqual(["release"]);
  });

  test("that nobody wants any more ends the connection", async () => {
    const { carrier, body } = await open();
    await body.cancel();
    expect(carrier.endings).toEqual(["terminate"]);
  });

  test("breaks when its client goes", async () => {
    const controller = new AbortController();
    const { exchange, carrier, answer } = start({ signal: controller.signal });
    exchange.watch();
    exchange.onData(Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"));
    const reader = (await answer).body?.getReader();
    expect((await reader?.read())?.value?.length).toBe(5);
    controller.abort();
    expect(carrier.endings).toEqual(["terminate"]);
    expect(await reader?.read().catch((error: unknown) => (error as Error).name)).toBe("AbortError");
  });
});

test("an exchange that is over is not touched by its signal", async () => {
  const controller = new AbortController();
  const { exchange, carrier, answer } = start({ signal: controller.signal });
  exchange.watch();
  exchange.onData(Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  await answer;
  controller.abort();
  expect(carrier.endings).toEqual(["release"]);
});

test("a client that had gone before it was looked for ends the attempt", async () => {
  const { exchange, carrier, answer } = start({ signal: AbortSignal.abort() });
  exchange.watch();
  expect(carrier.endings).toEqual(["terminate"]);
  expect(await answer.catch((error: unknown) => (error as Error).name)).toBe("AbortError");
});

describe("a connection that turns out to be closed", () => {
  const body = (): ReadableStream<Uint8Array> => streamOf(["abc"]);

  test.each([
    ["GET", true, 1],
    ["HEAD", true, 1],
    ["OPTIONS", true, 1],
    ["POST", true, 0],
    ["DELETE", true, 0],
    ["GET", false, 0],
  ])("after %s was sent (reused: %p)", async (method, isReused, redials) => {
    const running = start({ method }, isReused);
    running.exchange.onEnd(undefined);
    expect(running.redials).toBe(redials);
    running.exchange.begin(false);
    running.exchange.onEnd(undefined);
    expect(running.redials).toBe(redials);
    expect(await running.answer.catch((error: unknown) => error)).toMatchObject({ kind: CUT });
  });

  test("after a byte of the answer is no reason to ask again", async () => {
    const running = start({}, true);
    running.exchange.onData(Buffer.from("H"));
    running.exchange.onEnd(RESET);
    expect(running.redials).toBe(0);
    expect(await running.answer.catch((error: unknown) => error)).toMatchObject({ kind: CUT });
  });

  test("before a byte was sent costs no request at all, not even one with a body", async () => {
    for (const given of [{ method: "POST" }, { method: "POST", body: body() }]) {
      const running = start(given, true, -1);
      await Bun.sleep(5);
      running.exchange.onEnd(undefined);
      expect(running.redials).toBe(1);
      const second = new FakeCarrier();
      running.exchange.assign(second);
      running.exchange.begin(false);
      const chunked = given.body === undefined ? "" : "3\r\nabc\r\n0\r\n\r\n";
      await until(() => second.sent.length >= OPENING.length + chunked.length, "what is sent");
      expect(second.sent).toBe(OPENING + chunked);
    }
  });

  test("within an upload is the end of it", async () => {
    const running = start({ method: "POST", body: body() }, true);
    await Bun.sleep(5);
    running.exchange.onEnd(RESET);
    expect(running.redials).toBe(0);
    expect(await running.answer.catch((error: unknown) => error)).toMatchObject({ kind: CUT });
  });
});

function streamOf(pieces: readonly string[]): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(Buffer.from(piece, "latin1"));
      controller.close();
    },
  });
}

describe("an upload", () => {
  const OK = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const withLength = (length: number): Headers => new Headers({ "Content-Length": String(length) });

  test.each([
    [undefined, ["abc", "", "d"], "3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n"],
    [undefined, [], "0\r\n\r\n"],
    [undefined, ["x".repeat(70_000)], `11170\r\n${"x".repeat(70_000)}\r\n0\r\n\r\n`],
    [4, ["abc", "", "d"], "abcd"],
    [70_001, ["x".repeat(70_000), "y"], `${"x".repeat(70_000)}y`],
    [0, [], ""],
  ])("(length %p) is sent as it is, however little the connection takes at a time", async (length, pieces, sent) => {
    const headers = length === undefined ? new Headers() : withLength(length);
    for (const step of [Number.POSITIVE_INFINITY, 1000, sent.length > 1000 ? 777 : 1]) {
      const { exchange, carrier, answer } = start({ method: "POST", headers, body: streamOf(pieces) }, false, step);
      for (let turn = 0; carrier.sent.length < OPENING.length + sent.length; turn++) {
        expect(turn).toBeLessThan(1000);
        await Bun.sleep(0);
        carrier.room = step;
        exchange.onDrain();
      }
      await Bun.sleep(1);
      expect(carrier.sent).toBe(OPENING + sent);
      exchange.onData(OK);
      expect((await answer).status).toBe(200);
      expect(carrier.endings).toEqual(["release"]);
    }
  });

  test("sends a small body together with its head", async () => {
    const body = streamOf(["abc"]);
    const { carrier } = start({ method: "POST", headers: withLength(3), body });
    const writes: string[] = [];
    const write = carrier.write.bind(carrier);
    carrier.write = (bytes) => {
      writes.push(String(bytes));
      return write(bytes);
    };
    await until(() => writes.length > 0, "what is sent");
    expect(writes).toEqual([`${OPENING}abc`]);
  });

  test("that is here as bytes goes out with its head at once, what is not taken when there is room, and once more on another connection", async () => {
    const given = { method: "POST", headers: withLength(3), body: Buffer.from("abc") };
    const { exchange, carrier, answer } = start(given, true, OPENING.length + 1);
    expect(carrier.sent).toBe(`${OPENING}a`);
    carrier.room = 10;
    exchange.onDrain();
    expect(carrier.sent).toBe(`${OPENING}abc`);
    exchange.onData(Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
    expect((await answer).status).toBe(200);
    expect(carrier.endings).toEqual(["release"]);

    const refused = start(given, true, -1);
    refused.exchange.onEnd(undefined);
    expect(refused.redials).toBe(1);
    const second = new FakeCarrier();
    refused.exchange.assign(second);
    refused.exchange.begin(false);
    expect(second.sent).toBe(`${OPENING}abc`);
  });

  test("that is here as bytes is not sent twice, and an answer before its end ends the connection", async () => {
    const given = { method: "POST", headers: withLength(3), body: Buffer.from("abc") };
    const lost = start(given, true);
    lost.exchange.onEnd(RESET);
    expect(lost.redials).toBe(0);
    expect(await lost.answer.catch((error: unknown) => error)).toMatchObject({ kind: CUT });
    const early = start(given, false, OPENING.length);
    early.exchange.onData(Buffer.from("HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n"));
    expect((await early.answer).status).toBe(413);
    expect(early.carrier.endings).toEqual(["close"]);
  });

  test("of bytes that are not as many as it says ends its connection", async () => {
    const { carrier, answer } = start({ method: "POST", headers: withLength(4), body: Buffer.from("abc") });
    expect(await answer.catch((error: unknown) => error)).toMatchObject({ kind: "internal_error" });
    expect(carrier.endings).toEqual(["terminate"]);
  });

  test("does not keep the head waiting for its first piece", async () => {
    const { carrier } = start({ method: "POST", body: new ReadableStream<Uint8Array>() });
    await until(() => carrier.sent !== "", "the head");
    expect(carrier.sent).toBe(OPENING);
  });

  test.each([
    [["abcd"], ""],
    [["abc", "d"], "abc"],
    [["ab"], "ab"],
    [[], ""],
  ])("of %j that is not as long as it says ends its connection", async (pieces, mostSent) => {
    const { carrier, answer } = start({ method: "POST", headers: withLength(3), body: streamOf(pieces) });
    expect(await answer.catch((error: unknown) => error)).toMatchObject({ kind: "internal_error" });
    expect(carrier.endings).toEqual(["terminate"]);
    expect(OPENING + mostSent).toStartWith(carrier.sent);
  });

  test("is not read further while the connection takes nothing", async () => {
    let pulls = 0;
    const body = new ReadableStream<Uint8Array>(
      { pull: (controller) => (pulls++, controller.enqueue(Buffer.alloc(1000))) },
      { highWaterMark: 0 },
    );
    const { exchange, carrier } = start({ method: "POST", body }, false, 1500);
    await Bun.sleep(5);
    expect(pulls).toBe(2);
    carrier.room = 3000;
    exchange.onDrain();
    await Bun.sleep(5);
    expect(pulls).toBeLessThan(6);
  });

  test("that is answered before its end is broken off with the answer's end, and its connection not used again", async () => {
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({ cancel: () => void (cancelled = true) });
    const { exchange, carrier, answer } = start({ method: "POST", body });
    await Bun.sleep(5);
    exchange.onData(OK);
    expect((await answer).status).toBe(200);
    expect(carrier.endings).toEqual(["close"]);
    await until(() => cancelled, "the end of the upload");
  });

  test("that fails ends the attempt by its error", async () => {
    const error = new ProxyError("payload_too_large", "too large");
    const body = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(error) });
    const { carrier, answer } = start({ method: "POST", body });
    expect(await answer.catch((reason: unknown) => reason)).toBe(error);
    expect(carrier.endings).toEqual(["terminate"]);
  });

  test("that someone else reads fails, and is no exception", async () => {
    const body = streamOf(["abc"]);
    body.getReader();
    const { answer } = start({ method: "POST", body });
    expect(await answer.catch((reason: unknown) => reason)).toMatchObject({ kind: "internal_error" });
  });
});
