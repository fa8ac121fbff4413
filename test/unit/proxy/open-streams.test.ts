import { expect, test } from "bun:test";
import { type OpenStream, OpenStreams } from "../../../src/proxy/open-streams.ts";
import type { Peer } from "../../../src/upstream/peer.ts";
import { until } from "../../helpers/streams.ts";

const PEER = {} as Peer;

interface Told {
  readonly stream: OpenStream;
  readonly remove: () => void;
  /** When it was told to go, in milliseconds from its making; undefined while it was not. */
  at: number | undefined;
}

function open(streams: OpenStreams, routeKey: string, closeDelayMs: number): Told {
  const began = performance.now();
  const goAway = (): void => {
    if (told.at !== undefined) throw new Error("told twice");
    told.at = performance.now() - began;
  };
  const stream = { routeKey, peer: PEER, closeDelayMs, goAway };
  const told: Told = { stream, remove: streams.add(stream), at: undefined };
  return told;
}

const many = (count: number, make: () => Told): Told[] => Array.from({ length: count }, make);
const of =
  (key: string) =>
  (stream: OpenStream): boolean =>
    stream.routeKey === key;

const allTold = (all: readonly Told[]): Promise<void> =>
  until(() => all.every(({ at }) => at !== undefined), "the telling");

/** None comes before its time. How late they are is measured elsewhere: here a busy machine may be late by itself. */
function expectSpread(all: readonly Told[], overMs: number): void {
  for (const [place, { at }] of all.entries()) expect(at).toBeGreaterThan((place * overMs) / all.length - 5);
}

test("those of a route that is gone are told within its delay, spread evenly, and no others", async () => {
  using streams = new OpenStreams();
  const gone = many(10, () => open(streams, "gone", 400));
  const stays = many(10, () => open(streams, "stays", 400));
  expect(streams.drainGone(of("gone"))).toBe(10);
  await allTold(gone);
  expectSpread(gone, 400);
  expect(stays.every(({ at }) => at === undefined)).toBe(true);
  expect([streams.size, streams.leaving]).toEqual([10, 0]);
});

test("each route has its own delay; without one all are told at once", () => {
  using streams = new OpenStreams();
  const now = many(5, () => open(streams, "now", 0));
  const slow = many(5, () => open(streams, "slow", 60_000));
  streams.drainGone(() => true);
  expect(now.every(({ at }) => at !== undefined)).toBe(true);
  expect(slow.filter(({ at }) => at !== undefined)).toHaveLength(1);
});

test("a further reload neither hurries nor delays those on their way", () => {
  using streams = new OpenStreams();
  const gone = many(4, () => open(streams, "gone", 60_000));
  expect(streams.drainGone(of("gone"))).toBe(4);
  expect(streams.drainGone(of("gone"))).toBe(0);
  expect(streams.leaving).toBe(3);
  expect(gone.filter(({ at }) => at !== undefined)).toHaveLength(1);
});

test("those that were not told yet stay when their route is back", async () => {
  using streams = new OpenStreams();
  const gone = many(4, () => open(streams, "gone", 100));
  streams.drainGone(of("gone"));
  expect(streams.drainGone(() => false)).toBe(0);
  await Bun.sleep(150);
  expect(gone.filter(({ at }) => at !== undefined)).toHaveLength(1);
  expect([streams.size, streams.leaving]).toEqual([3, 0]);
});

test("one that is over is not told", async () => {
  using streams = new OpenStreams();
  const gone = many(3, () => open(streams, "gone", 60));
  streams.drainGone(of("gone"));
  for (const { remove } of gone) remove();
  await Bun.sleep(100);
  expect(gone.filter(({ at }) => at !== undefined)).toHaveLength(1);
  expect([streams.size, streams.leaving]).toEqual([0, 0]);
});

test("telling one may end others: they are not told any more", () => {
  using streams = new OpenStreams();
  let remove = (): void => {};
  streams.add({ routeKey: "gone", peer: PEER, closeDelayMs: 0, goAway: () => remove() });
  const other = open(streams, "gone", 0);
  remove = other.remove;
  streams.drainGone(() => true);
  expect([other.at, streams.size]).toEqual([undefined, 0]);
});

test("one that is opened by a request from before the reload is told as well", async () => {
  using streams = new OpenStreams();
  expect(streams.drainGone(of("gone"))).toBe(0);
  const [late, stays] = [open(streams, "gone", 30), open(streams, "stays", 30)];
  expect(late.at).toBeUndefined();
  await allTold([late]);
  expect(late.at).toBeGreaterThan(0);
  expect(stays.at).toBeUndefined();
});

test("at an end all are told within a time, whatever their route says; what is opened after that goes at once", async () => {
  using streams = new OpenStreams();
  const all = many(10, () => open(streams, "any", 60_000));
  streams.drainGone(of("any"));
  streams.drainAll(200);
  const late = open(streams, "other", 60_000);
  await allTold([late]);
  // In one of the first turns: most of the others are still to be told.
  expect(streams.leaving).toBeGreaterThan(0);
  await allTold(all);
  // The first of them had gone before.
  expectSpread(all.slice(1), 200);
  expect([streams.size, streams.leaving]).toEqual([0, 0]);
});
