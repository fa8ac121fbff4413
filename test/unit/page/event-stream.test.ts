import { describe, expect, test } from "bun:test";
import { EventParser } from "../../../src/page/browser/event-stream.ts";
import { waitBefore } from "../../../src/page/browser/back-off.ts";

const TEXT =
  'retry: 1000\n\nevent: tick\ndata: {"a":1}\n\n:\n\r\ndata:x\rdata: y\r\r\nevent: nothing\n\nevent: state\r\ndata: z\r\n\r\n';
const EVENTS = [
  { name: "tick", data: '{"a":1}' },
  { name: "message", data: "x\ny" },
  { name: "state", data: "z" },
];

describe("server-sent events", () => {
  test("are read from one piece", () => {
    expect(new EventParser().take(TEXT)).toEqual(EVENTS);
  });

  test("are the same in whatever pieces they come", () => {
    for (let size = 1; size < 12; size++) {
      const parser = new EventParser();
      const events = [];
      for (let i = 0; i < TEXT.length; i += size) events.push(...parser.take(TEXT.slice(i, i + size)));
      expect(events).toEqual(EVENTS);
    }
  });

  test("are told when they are whole", () => {
    const parser = new EventParser();
    expect(parser.take("event: tick\ndata: 1\n")).toEqual([]);
    expect(parser.take("\n")).toEqual([{ name: "tick", data: "1" }]);
  });
});

test("a lost connection is tried again soon, then every five seconds", () => {
  expect([1, 2, 3, 4, 5, 60].map(waitBefore)).toEqual([500, 1_000, 2_000, 4_000, 5_000, 5_000]);
});
