/** Chance that comes out the same for the same seed (mulberry32). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from `least` on, under `limit`. */
  between(least: number, limit: number): number {
    return least + Math.floor(this.#next() * (limit - least));
  }

  /** True in one of `many` cases. */
  oneIn(many: number): boolean {
    return this.between(0, many) === 0;
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.between(0, choices.length)] ?? choices[0];
  }

  /** For a payload of its own. */
  seed(): number {
    return this.between(1, 0x7fffffff);
  }

  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
