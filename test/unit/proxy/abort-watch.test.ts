import { expect, test } from "bun:test";
import { type Abortable, AbortWatch } from "../../../src/proxy/exact/abort-watch.ts";
import { until } from "../../helpers/streams.ts";

class Noted implements Abortable {
  place = -1;
  round = 0;
  watched = 0;

  watch(): void {
    this.watched++;
  }
}

test("what is not over after a while is watched, once, and what is over is not", async () => {
  using watch = new AbortWatch();
  const all = Array.from({ length: 50 }, () => new Noted());
  for (const each of all) watch.add(each);
  for (const each of all.filter((_, i) => i % 3 === 0)) watch.remove(each);
  await until(() => all[1]?.watched === 1, "the first to be watched");
  expect(all.map(({ watched }) => watched)).toEqual(all.map((_, i) => (i % 3 === 0 ? 0 : 1)));
  const later = new Noted();
  watch.add(later);
  for (const each of all) watch.remove(each);
  await until(() => later.watched === 1, "the later one to be watched");
  expect(all.every(({ watched }) => watched < 2)).toBe(true);
});

test("one that takes others out while it is looked at makes none be missed", async () => {
  using watch = new AbortWatch();
  const all = Array.from({ length: 20 }, () => new Noted());
  for (const each of all) watch.add(each);
  const [first, , , fourth] = all;
  const last = all.at(-1);
  if (first === undefined || fourth === undefined || last === undefined) throw new Error("there are twenty");
  last.watch = () => {
    last.watched++;
    watch.remove(first);
    watch.remove(fourth);
  };
  await until(() => all[1]?.watched === 1, "the second to be watched");
  expect(all.map(({ watched }) => watched)).toEqual(all.map((each) => (each === first || each === fourth ? 0 : 1)));
});

test("all that are under way are watched at its end", () => {
  const watch = new AbortWatch();
  const each = new Noted();
  watch.add(each);
  watch[Symbol.dispose]();
  expect(each.watched).toBe(1);
});
