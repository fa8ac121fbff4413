import { describe, expect, test } from "bun:test";
import { Dice } from "../../../scripts/soak/dice.ts";
import { Ledger } from "../../../scripts/soak/ledger.ts";
import { check } from "../../../scripts/soak/loads/exchange.ts";
import { loggedIn } from "../../../scripts/soak/logged.ts";
import { growthsOf, type Sample } from "../../../scripts/soak/memory.ts";
import { Payload, WrongContent } from "../../../scripts/soak/payload.ts";
import { COUNT_NAMES, type CountName, type Rest, settled } from "../../../scripts/soak/rest.ts";

const MB = 1024 * 1024;

describe("what a soak excuses", () => {
  test("is what fails while something is broken on purpose, and a moment after, but no wrong content", () => {
    let now = 0;
    const ledger = new Ledger(() => now);
    const failAt = (at: number, error: Error): void => {
      now = at;
      ledger.failed("small", error);
    };
    failAt(1_000, new Error("before"));
    const window = ledger.expectFailures();
    failAt(1_500, new Error("in 1 of them"));
    failAt(1_600, new Error("in 2 of them"));
    failAt(1_700, new WrongContent("other bytes"));
    window[Symbol.dispose]();
    failAt(2_600, new Error("soon after"));
    failAt(2_800, new Error("later"));
    expect(ledger.accounts).toEqual([{ kind: "small", done: 0, bytes: 0, excused: 3, failed: 3 }]);
    expect(ledger.failures).toEqual(["1.0 s: small: before", "1.7 s: small: other bytes", "2.8 s: small: later"]);
    expect([...ledger.excused]).toEqual([
      ["small: in N of them", 2],
      ["small: soon after", 1],
    ]);
    expect(ledger.windowsMs).toBe(1_700);
  });
});

describe("memory in a soak", () => {
  /** A hundred samples; `megabytes` by the hundredth of the time. */
  function samplesOf(timeMs: number, megabytes: (at: number) => Readonly<Record<number, number>>): readonly Sample[] {
    return Array.from({ length: 100 }, (_, i) => ({
      at: ((i + 0.5) / 100) * timeMs,
      bytes: Object.fromEntries(Object.entries(megabytes(i)).map(([pid, size]) => [pid, size * MB])),
    }));
  }
  const LONG = 1_200_000;

  test.each([
    ["stays", LONG, () => 100, false],
    ["grows by a fourteenth", LONG, (at: number) => 100 + at / 12, false],
    ["grows by a fifth", LONG, (at: number) => 100 + at / 4, true],
    ["grows by a fifth, in a short run", 60_000, (at: number) => 100 + at / 6, false],
    ["grows by a third, in a short run", 60_000, (at: number) => 100 + at / 2, true],
    ["grows before the second tenth alone", LONG, (at: number) => (at < 9 ? 20 : 100), false],
    ["has peaks that pass", LONG, (at: number) => (at % 5 === 4 ? 300 : 100), false],
  ] as const)("that %s", (_what, timeMs, size, isTooMuch) => {
    const growths = growthsOf(
      samplesOf(timeMs, (at) => ({ 7: size(at) })),
      timeMs,
    );
    expect(growths.map((growth) => [growth.pid, growth.isTooMuch])).toEqual([[7, isTooMuch]]);
  });

  test("is judged by processes that lived through all of it", () => {
    const samples = samplesOf(LONG, (at) => (at < 50 ? { 1: 50, 2: 50 } : { 1: 50, 3: 200 }));
    expect(growthsOf(samples, LONG).map(({ pid }) => pid)).toEqual([1]);
    expect(growthsOf([], LONG)).toEqual([]);
  });
});

describe("a soaked proxy is at rest", () => {
  const nothing = Object.fromEntries(COUNT_NAMES.map((name) => [name, 10])) as Rest;
  const look = (...rests: readonly Partial<Rest>[]) => {
    let turn = 0;
    return async (): Promise<Rest> => ({ ...nothing, ...rests[Math.min(turn++, rests.length - 1)] });
  };

  test("when all that was open has ended", async () => {
    const { left, after } = await settled(nothing, look({ open: 12 }, { sockets: 11 }, { sockets: 9 }), 1_000);
    expect([left, after.sockets]).toEqual([[], 9]);
  });

  test.each(["sockets", "others", "open", "inFlight", "originRequests", "originWebSockets"] as CountName[])(
    "and not when one of %s is left",
    async (name) => expect((await settled(nothing, look({ [name]: 11 }), 1)).left).toEqual([name]),
  );

  test.each(["timers", "requests", "signals", "streams"] as CountName[])(
    "with a few %s that the collector has left, not with many",
    async (name) => {
      expect((await settled(nothing, look({ [name]: 18 }), 1)).left).toEqual([]);
      expect((await settled(nothing, look({ [name]: 19 }), 1)).left).toEqual([name]);
    },
  );
});

describe("a soak's payloads", () => {
  const wanted = { seed: 5, length: 200_000 };
  const bytes = new Payload(wanted.seed, wanted.length).bytes();

  test("are the same for the same seed, and come back as they were sent", async () => {
    expect(await check(new Response(bytes), wanted)).toBe(wanted.length);
    expect(new Payload(wanted.seed, 3).bytes()).toEqual(new Payload(wanted.seed, 3).bytes());
  });

  const BLOCK = 65_536;
  test.each([
    ["cut off", bytes.subarray(0, -1)],
    ["of another seed", new Payload(6, wanted.length).bytes()],
    [
      "with blocks in each other's place",
      Buffer.concat([bytes.subarray(BLOCK, 2 * BLOCK), bytes.subarray(0, BLOCK), bytes.subarray(2 * BLOCK)]),
    ],
  ])("are wrong when they are %s", async (_how, other) => {
    expect(await check(new Response(other), wanted).catch((error: unknown) => error)).toBeInstanceOf(WrongContent);
  });

  test("are drawn alike by the same seed", () => {
    const draw = (seed: number): readonly number[] => {
      const dice = new Dice(seed);
      return Array.from({ length: 1_000 }, () => dice.between(3, 9));
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect([...new Set(draw(1))].toSorted()).toEqual([3, 4, 5, 6, 7, 8]);
  });
});

test("a soaked proxy's log has no error but the end of workers that were killed", () => {
  const lines = [
    { level: "error", message: "a worker ended", signal: "SIGKILL" },
    { level: "warn", message: "request failed", reason: "connection_terminated" },
    { level: "warn", message: "request failed", reason: "connection_terminated" },
    { level: "error", message: "request failed", reason: "internal_error" },
  ];
  const { counts, errors } = loggedIn(
    `${lines.map((line) => JSON.stringify(line)).join("\n")}\npanic: what Bun says\n`,
  );
  expect(counts).toEqual({ "request failed: connection_terminated": 2, "request failed: internal_error": 1 });
  expect(errors).toEqual(["request failed: internal_error", "panic: what Bun says"]);
});
