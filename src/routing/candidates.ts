/** Routes by their number, ascending, with those of the wider list that it stands in. */
export class Candidates {
  readonly #own: number[];
  /** What also holds wherever this holds: the nearest shorter prefix of the path. */
  #wider: Candidates | undefined;
  #all: readonly number[] | undefined;
  #unions: Map<Candidates, Candidates> | undefined;

  constructor(numbers: number[] = []) {
    this.#own = numbers;
  }

  /** While the index is built, in ascending order. A route that is there already is not added again. */
  add(number: number): void {
    if (this.#own.at(-1) !== number) this.#own.push(number);
  }

  widen(wider: Candidates | undefined): void {
    this.#wider = wider;
  }

  /** All numbers, ascending, each once. */
  all(memory: MergeMemory): readonly number[] {
    if (this.#wider === undefined) return this.#own;
    if (this.#all !== undefined) return this.#all;
    const merged = this.#merge();
    if (memory.take(merged.length)) this.#all = merged;
    return merged;
  }

  /** What is in either of the two; the same object the next time, as long as there is room to remember it. */
  union(other: Candidates, memory: MergeMemory): Candidates {
    const known = this.#unions?.get(other);
    if (known !== undefined) return known;
    const union = new Candidates(mergeAscending(this.all(memory), other.all(memory)));
    if (memory.take(union.#own.length)) (this.#unions ??= new Map()).set(other, union);
    return union;
  }

  #merge(): readonly number[] {
    const lists: number[][] = [];
    // One list after the other: a chain of prefixes can be as long as the configuration.
    for (let list: Candidates | undefined = this; list !== undefined; list = list.#wider) lists.push(list.#own);
    return [...new Set(Int32Array.from(lists.flat()).sort())];
  }
}

/**
 * How many numbers merged lists may hold in all. It is what keeps memory in proportion to the configuration where lists could
 * be merged in very many ways (thousands of hosts times hundreds of paths): past it a list is made anew for each
 * request, which costs no more than going through it.
 */
export class MergeMemory {
  #left: number;

  constructor(routes: number) {
    this.#left = NUMBERS_AT_LEAST + NUMBERS_PER_ROUTE * routes;
  }

  take(numbers: number): boolean {
    const cost = numbers + LIST_COST;
    if (cost > this.#left) return false;
    this.#left -= cost;
    return true;
  }
}

const NUMBERS_AT_LEAST = 4096;
const NUMBERS_PER_ROUTE = 64;
/** A list's own weight, in numbers. */
const LIST_COST = 16;

function mergeAscending(left: readonly number[], right: readonly number[]): number[] {
  const merged: number[] = [];
  let l = 0;
  let r = 0;
  while (l < left.length || r < right.length) {
    const a = left[l] ?? Number.POSITIVE_INFINITY;
    const b = right[r] ?? Number.POSITIVE_INFINITY;
    merged.push(Math.min(a, b));
    if (a <= b) l++;
    if (b <= a) r++;
  }
  return merged;
}
