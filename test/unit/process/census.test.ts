import { expect, test } from "bun:test";
import { WorkerMeter } from "../../../src/observe/metrics/worker-meter.ts";
import { Census, type CensusSource } from "../../../src/process/census.ts";
import type { Answer, Ask } from "../../../src/process/messages.ts";
import { count, exchange, tellingOf } from "../../helpers/telling.ts";

/** Workers that are asked: what each is asked, and how it answers. */
class Source implements CensusSource {
  readonly asks: { readonly worker: number; readonly ask: Ask }[] = [];
  readonly serving: boolean[];
  answer: (worker: number) => Promise<Answer | undefined>;

  constructor(serving: boolean[], answer: (worker: number) => Promise<Answer | undefined>) {
    this.serving = serving;
    this.answer = answer;
  }

  get workers() {
    return this.serving.map((isServing, i) => ({ worker: i + 1, pid: i, isServing, restarts: 0 }));
  }

  askEach(ask: Ask, spared: ReadonlySet<number> = new Set()) {
    return this.serving.map((isServing, i) => {
      if (!isServing || spared.has(i + 1)) return undefined;
      this.asks.push({ worker: i + 1, ask });
      return this.answer(i + 1);
    });
  }
}

function telling(requests: number): Answer {
  const meter = new WorkerMeter();
  for (let i = 0; i < requests; i++) count(meter, {});
  return { type: "telling", telling: tellingOf(meter) };
}

test("a worker that hangs holds nobody up, is asked no further, and what it tells late counts", async () => {
  const late = Promise.withResolvers<Answer>();
  const source = new Source([true, true], (worker) => (worker === 1 ? late.promise : Promise.resolve(telling(1))));
  using census = new Census(source);
  await Promise.all(Array.from({ length: 4 }, () => census.collect(false)));
  expect(census.tally.routes.get("/")?.requests).toBe(4);
  const asked = source.asks.length;
  await census.collect(false);
  expect(source.asks.slice(asked).map(({ worker }) => worker)).toEqual([2]);
  late.resolve(telling(10));
  await census.collect(false);
  // Each of its four open questions was answered by the same.
  expect(census.tally.routes.get("/")?.requests).toBe(6 + 40);
  const then = source.asks.length;
  await census.collect(false);
  expect(source.asks.slice(then).map(({ worker }) => worker)).toEqual([1, 2]);
});

test("one that has ended has no state any more, and its counts stay", async () => {
  const source = new Source([true], () => Promise.resolve(telling(3)));
  using census = new Census(source);
  await census.collect(false);
  expect(census.tally.gauges.has(1)).toBe(true);
  source.serving[0] = false;
  await census.collect(false);
  expect(census.tally.gauges.has(1)).toBe(false);
  expect(census.tally.routes.get("/")?.requests).toBe(3);
});

test("exchanges are asked for while somebody watches them, and the slowest only where they are slower than what is known", async () => {
  const slowest = Array.from({ length: 20 }, (_, i) => exchange(100 + i));
  const source = new Source([true], () => {
    const meter = new WorkerMeter();
    const told = tellingOf(meter);
    const exchanges = { watched: [], failed: [], slowest };
    return Promise.resolve({ type: "telling", telling: { ...told, counts: { ...told.counts, exchanges } } });
  });
  using census = new Census(source);
  await census.collect(false);
  census.watched = [{ route: "app" }];
  await census.collect(true);
  const wishes = source.asks.map(({ ask }) => (ask.type === "tell" ? ask.wish : undefined));
  expect(wishes[0]).toMatchObject({ exchanges: { watched: [], slowerThanMs: 0 }, isFull: false });
  expect(wishes[1]?.isFull).toBe(true);
  expect(wishes[1]?.exchanges.watched).toEqual([{ route: "app" }]);
  expect(wishes[1]?.exchanges.most).toBeGreaterThan(0);
  expect(wishes[1]?.exchanges.slowerThanMs).toBe(100);
});
