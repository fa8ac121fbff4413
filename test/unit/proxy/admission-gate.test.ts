import { expect, test } from "bun:test";
import { AdmissionGate, type Admitted } from "../../../src/proxy/exact/admission-gate.ts";

class Request implements Admitted {
  readonly number: number;
  ticket = -1;
  isOver = false;

  constructor(number: number) {
    this.number = number;
  }
}

class Rig {
  readonly sent: Request[] = [];
  readonly gate = new AdmissionGate<Request>((request) => this.sent.push(request));

  enter(count: number): Request[] {
    const requests = Array.from({ length: count }, (_, n) => new Request(n));
    for (const request of requests) this.gate.enter(request);
    return requests;
  }

  /** Answers the oldest ones that are sent and not answered. */
  answer(count: number): void {
    const awaited = this.sent.filter(({ ticket, isOver }) => ticket >= 0 && !isOver).slice(0, count);
    expect(awaited).toHaveLength(count);
    for (const request of awaited) {
      request.isOver = true;
      this.gate.settle(request);
    }
  }
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

// The first, since the others leave gates behind that look for a while.
test("it looks only while somebody waits", async () => {
  let looks = 0;
  const original = globalThis.setImmediate;
  const counting = (call: () => void) => original(() => (looks++, call()));
  globalThis.setImmediate = counting as typeof setImmediate;
  try {
    const rig = new Rig();
    rig.enter(100);
    rig.answer(100);
    rig.enter(101);
    rig.answer(100);
    rig.answer(1);
    for (let i = 0; i < 3; i++) await new Promise<void>((resolve) => original(resolve));
    expect(looks).toBe(1);
  } finally {
    globalThis.setImmediate = original;
  }
});

test("a hundred go at once, the others in their order as answers come", () => {
  const rig = new Rig();
  rig.enter(700);
  expect(rig.sent).toHaveLength(100);
  rig.answer(30);
  expect(rig.sent).toHaveLength(130);
  for (let i = 0; i < 6; i++) rig.answer(100);
  rig.answer(70);
  expect(rig.sent.map(({ number }) => number)).toEqual(Array.from({ length: 700 }, (_, n) => n));
  // All are answered: the next hundred do not wait.
  rig.enter(100);
  expect(rig.sent).toHaveLength(800);
});

test("while half of them are answered in eight turns nobody is taken for slow", async () => {
  const rig = new Rig();
  rig.enter(1_000);
  for (let i = 0; i < 80; i++) {
    rig.answer(7);
    await turn();
    expect(rig.sent).toHaveLength(100 + 7 * (i + 1));
  }
});

test("a thousand that nobody answers are all sent, within a turn for each hundred", async () => {
  const rig = new Rig();
  rig.enter(1_000);
  let turns = 0;
  for (; rig.sent.length < 1_000; turns++) await turn();
  expect(turns).toBeLessThanOrEqual(12);
});

test("who is slow takes no place of those that are quick", async () => {
  const rig = new Rig();
  const slow = rig.enter(99);
  // One place is left: an answer in each turn, and yet far fewer than go in by then.
  rig.enter(500);
  for (let i = 0; rig.sent.length < 300; i++) {
    expect(i).toBeLessThan(40);
    const quick = rig.sent.find((request) => !slow.includes(request) && request.ticket >= 0);
    if (quick !== undefined) {
      quick.isOver = true;
      rig.gate.settle(quick);
    }
    await turn();
  }
  // Their answers come late, and are nothing to those that are counted by then.
  const before = rig.sent.length;
  for (const request of slow) rig.gate.settle(request);
  expect(rig.sent).toHaveLength(before);
});

test("one whose client left while it waited is never sent", async () => {
  const rig = new Rig();
  const requests = rig.enter(102);
  const [left, stayed] = requests.slice(100);
  if (left === undefined || stayed === undefined) throw new Error("there are two");
  left.isOver = true;
  rig.answer(1);
  expect(rig.sent.at(-1)).toBe(stayed);
  await turn();
  expect(rig.sent).toHaveLength(101);
});
