/**
 * Sorts in place as Go's `sort.SliceStable` does: insertion in runs of 20, which are then merged in place (the SymMerge
 * of Kim and Kutzner, 2004). Caddy's comparisons of routes are not transitive, so that another stable sort may come to
 * another order of the same routes.
 */
export function stableSort<T>(items: T[], isLess: (a: T, b: T) => boolean): void {
  new StableSort(items, isLess).run();
}

const RUN = 20;

class StableSort<T> {
  readonly #items: T[];
  readonly #isLess: (a: T, b: T) => boolean;

  constructor(items: T[], isLess: (a: T, b: T) => boolean) {
    this.#items = items;
    this.#isLess = isLess;
  }

  run(): void {
    const count = this.#items.length;
    for (let start = 0; start < count; start += RUN) this.#insert(start, Math.min(start + RUN, count));
    for (let size = RUN; size < count; size *= 2) {
      for (let start = 0; start + size < count; start += 2 * size) {
        this.#merge(start, start + size, Math.min(start + 2 * size, count));
      }
    }
  }

  /** Whether the item at one index comes before that at another. */
  #less(a: number, b: number): boolean {
    return this.#isLess(this.#items[a] as T, this.#items[b] as T);
  }

  #insert(start: number, end: number): void {
    for (let i = start + 1; i < end; i++) {
      for (let j = i; j > start && this.#less(j, j - 1); j--) this.#move(j, j - 1);
    }
  }

  /** Takes one item out and puts it in at another index. */
  #move(from: number, to: number): void {
    this.#items.splice(to, 0, ...this.#items.splice(from, 1));
  }

  /** Merges two sorted parts that stand one behind the other. */
  #merge(start: number, middle: number, end: number): void {
    if (start >= middle || middle >= end) return;
    if (middle - start === 1) {
      const to = firstIndex(middle, end, (i) => !this.#less(i, start));
      this.#move(start, to - 1);
      return;
    }
    if (end - middle === 1) {
      const to = firstIndex(start, middle, (i) => this.#less(middle, i));
      this.#move(middle, to);
      return;
    }
    const half = Math.floor((start + end) / 2);
    const sum = half + middle;
    const [low, high] = middle > half ? [sum - end, half] : [start, middle];
    const cut = firstIndex(low, high, (i) => this.#less(sum - 1 - i, i));
    const stop = sum - cut;
    if (cut < middle && middle < stop) this.#rotate(cut, middle, stop);
    this.#merge(start, cut, half);
    this.#merge(half, stop, end);
  }

  #rotate(start: number, middle: number, end: number): void {
    this.#items.splice(start, end - start, ...this.#items.slice(middle, end), ...this.#items.slice(start, middle));
  }
}

/** The first index from `low` on for which `holds`; it must hold for all that follow. */
function firstIndex(low: number, high: number, holds: (index: number) => boolean): number {
  let [from, to] = [low, high];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    if (holds(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
}
