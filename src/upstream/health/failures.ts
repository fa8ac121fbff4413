/** Failures of one peer that still count: the time at which each is forgotten. Pure: the clock is handed in. */
export class Failures {
  #forgottenAt: number[] = [];

  /** How many are kept; some of them may be forgotten already. */
  get kept(): number {
    return this.#forgottenAt.length;
  }

  /** Counts one for so long. */
  add(durationMs: number, now: number): void {
    this.#forgottenAt.push(now + durationMs);
  }

  /** How many count now. */
  count(now: number): number {
    if (this.#forgottenAt.some((at) => at <= now)) this.#forgottenAt = this.#forgottenAt.filter((at) => at > now);
    return this.#forgottenAt.length;
  }
}
