import { describe, expect, test } from "bun:test";
import { BackOff } from "../../../src/process/back-off.ts";
import { memoryChannel } from "../../../src/process/channel.ts";
import { aliveEveryMs, HangWatch } from "../../../src/process/hang-watch.ts";
import { LineRelay } from "../../../src/process/line-relay.ts";

describe("the back-off of workers that end", () => {
  const delays = (ends: readonly number[]): readonly number[] => {
    const backOff = new BackOff();
    return ends.map((end) => backOff.ended(end));
  };

  test("replaces a few at once, then waits twice as long each time, up to 15 seconds", () => {
    const ends = Array.from({ length: 12 }, (_, at) => at);
    const waits = [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000];
    expect(delays(ends)).toEqual([0, 0, 0, ...waits]);
  });

  test("never waits for one that ends now and then", () => {
    expect(delays([0, 5_000, 11_000, 20_000, 30_000, 40_000])).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test("begins anew after one that lived on", () => {
    expect(delays([0, 1, 2, 3, 4, 10_600, 10_601])).toEqual([0, 0, 0, 250, 500, 0, 0]);
  });

  test("goes on where the next one lived no longer than the wait", () => {
    expect(delays([0, 1, 2, 3, 300, 1_000, 9_000])).toEqual([0, 0, 0, 250, 500, 1_000, 2_000]);
  });
});

describe("a hang", () => {
  test("is a silence longer than the timeout", () => {
    const watch = new HangWatch(1_000, 0);
    const hung = [250, 500, 750, 1_000, 1_250].map((now) => watch.isHung(now));
    expect(hung).toEqual([false, false, false, false, true]);
  });

  test("is over with every sign of life", () => {
    const watch = new HangWatch(1_000, 0);
    for (let now = 250; now < 5_000; now += 250) {
      watch.seen(now - 200);
      expect(watch.isHung(now)).toBe(false);
    }
  });

  test("is not seen by one that was stopped itself", () => {
    const watch = new HangWatch(1_000, 0);
    expect(watch.isHung(60_000)).toBe(false);
    expect(watch.isHung(60_250)).toBe(false);
    expect([60_500, 60_750, 61_000, 61_250].map((now) => watch.isHung(now))).toEqual([false, false, false, true]);
  });

  test("is looked for several times within the timeout, and once a second at least", () => {
    expect([100, 1_000, 10_000].map(aliveEveryMs)).toEqual([25, 250, 1_000]);
  });
});

test("a channel gives messages in order, also those that came before anyone took them", async () => {
  const [near, far] = memoryChannel<number, string>();
  near.send(1);
  near.send(2);
  const taken: number[] = [];
  far.receive((message) => taken.push(message));
  near.send(3);
  expect(taken).toEqual([]);
  await Promise.resolve();
  expect(taken).toEqual([1, 2, 3]);
});

test("what a worker writes is passed on in whole lines, and the last of it is kept", async () => {
  const passed: string[] = [];
  const pieces = ["on", "e\ntwo\nth", "ree", "\nrest"];
  const from = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(Buffer.from(piece));
      controller.close();
    },
  });
  const relay = new LineRelay(from, async (bytes) => void passed.push(bytes.toString()));
  await relay.over;
  expect(passed).toEqual(["one\ntwo\n", "three\n", "rest\n"]);
  expect(relay.last).toBe("one\ntwo\nthree\nrest");
});
