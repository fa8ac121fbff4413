import { expect, test } from "bun:test";
import { Deadline } from "../../../src/proxy/deadline.ts";
import { timedBody } from "../../../src/proxy/timed-body.ts";

const BYTES = Buffer.alloc(1_000_000, "0123456789abcdefghijklmnopqrstuvw");
const TIMEOUTS = { dialMs: 0, responseHeaderMs: 0, readMs: 0, writeMs: 0 };

function streamOf(...pieces: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
}

test("a large piece is offered in parts, so that an upstream that takes it slowly is not one that takes nothing", async () => {
  using deadline = new Deadline(new AbortController().signal, { ...TIMEOUTS, writeMs: 500 });
  const session = { deadline, isBodyTaken: false };
  const parts: Uint8Array[] = [];
  for await (const part of timedBody(session, streamOf(BYTES, BYTES.subarray(0, 7)))) {
    parts.push(part);
    // All together take longer than the limit, none of them nearly as long.
    await Bun.sleep(40);
  }
  expect(parts.length).toBeGreaterThan(12);
  expect(Buffer.concat(parts).equals(Buffer.concat([BYTES, BYTES.subarray(0, 7)]))).toBe(true);
  expect([session.isBodyTaken, deadline.signal.aborted]).toEqual([true, false]);
});

test("nothing is read of the body before somebody asks for it", async () => {
  let pulls = 0;
  const body = new ReadableStream<Uint8Array>({ pull: () => void pulls++ }, { highWaterMark: 0 });
  timedBody({ deadline: undefined, isBodyTaken: false }, body);
  await Bun.sleep(1);
  expect(pulls).toBe(0);
});

test("an upstream that wants no more of it ends the client's", async () => {
  let reason: unknown;
  const body = new ReadableStream<Uint8Array>({ cancel: (why) => void (reason = why) });
  await timedBody({ deadline: undefined, isBodyTaken: false }, body).cancel("enough");
  expect(reason).toBe("enough");
});
