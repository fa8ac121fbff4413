/**
 * Failures of one peer that still count: the time at which each is forgotten. Only as many are kept as somebody asks for,
 * those that count longest, so that an outage costs neither memory nor time. Pure: the clock is handed in.
 */
export class Failures {
  /** The soonest first. */
  readonly #forgottenAt: number[] = [];
  #most = 1;

  /** From here on `areAtLeast` may be asked for so many. */
  reserve(count: number): void {
    if (count > this.#most) this.#most = count;
  }

  /** Nothing failed lately. What is forgotten counts until one of the others was asked. */
  get isEmpty(): boolean {
    return this.#forgottenAt.length === 0;
  }

  /** Counts one for so long. */
  add(durationMs: number, now: number): void {
    const kept = this.#forgottenAt;
    const forgottenAt = now + durationMs;
    let at = kept.length;
    // Routes count for different times.
    while (at > 0 && (kept[at - 1] as number) > forgottenAt) at--;
    kept.splice(at, 0, forgottenAt);
    if (kept.length > this.#most) kept.shift();
  }

  /** Whether so many count now. */
  areAtLeast(count: number, now: number): boolean {
    const kept = this.#forgottenAt;
    const last = kept.at(-1);
    if (last === undefined) return false;
    if (last <= now) {
      kept.length = 0;
      return false;
    }
    const decisive = kept[kept.length - count];
    return decisive !== undefined && decisive > now;
  }

  /** How many count now, of those that are kept. For people. */
  count(now: number): number {
    return this.#forgottenAt.filter((at) => at > now).length;
  }
}
