import { expect, test } from "bun:test";
import { turn } from "../../../src/proxy/turn.ts";

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

class Log {
  readonly done: number[] = [];

  defer(count: number): void {
    for (let n = 0; n < count; n++) {
      const item = this.done.length + n;
      turn.defer({ onTurnEnd: () => this.done.push(item) });
    }
  }
}

/** Turns with two items each: whatever was before, items wait for the end of a turn from then on. */
async function busyTurns(): Promise<void> {
  for (let i = 0; i < 64; i++) {
    for (let n = 0; n < 2; n++) turn.defer({ onTurnEnd: () => {} });
    await nextTurn();
  }
}

test("what is deferred is done at the end of the turn, once, in its order", async () => {
  await busyTurns();
  const log = new Log();
  log.defer(20);
  await Promise.resolve();
  expect(log.done).toEqual([]);
  await nextTurn();
  expect(log.done).toEqual(Array.from({ length: 20 }, (_, n) => n));
  await nextTurn();
  expect(log.done).toHaveLength(20);
});

test("what is deferred while a turn ends is done at the end of the next", async () => {
  await busyTurns();
  const done: string[] = [];
  const later = { onTurnEnd: () => done.push("later") };
  for (const name of ["first", "second"]) {
    turn.defer({
      onTurnEnd: () => {
        done.push(name);
        if (name === "first") turn.defer(later);
      },
    });
  }
  await nextTurn();
  expect(done.slice(0, 2)).toEqual(["first", "second"]);
  await nextTurn();
  expect(done).toEqual(["first", "second", "later"]);
});

test("sixty-four do not wait for more, and those that come after them are done as well", async () => {
  await busyTurns();
  const log = new Log();
  for (let n = 0; n < 70; n++) turn.defer({ onTurnEnd: () => log.done.push(n) });
  expect(log.done).toHaveLength(64);
  await nextTurn();
  expect(log.done).toEqual(Array.from({ length: 70 }, (_, n) => n));
});

test("after turns with but one item each nothing waits, until there are several again", async () => {
  await busyTurns();
  const waits: boolean[] = [];
  for (let i = 0; i < 8 + 64 + 1; i++) {
    let isDone = false;
    turn.defer({ onTurnEnd: () => (isDone = true) });
    waits.push(!isDone);
    await nextTurn();
    expect(isDone).toBe(true);
  }
  const repeat = (value: boolean, count: number) => Array.from({ length: count }, () => value);
  expect(waits).toEqual([...repeat(true, 8), ...repeat(false, 64), true]);
});
