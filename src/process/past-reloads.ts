/** What came of the reloads of a process so far. */
export class PastReloads {
  done = 0;
  refused = 0;
  /** Undefined: it serves by what it started with. */
  last: { readonly at: number; readonly isReloaded: boolean; readonly reason: string | undefined } | undefined =
    undefined;

  /** @param at milliseconds since 1970 @param reason why the old configuration stays; undefined where it does not */
  note(at: number, reason: string | undefined): void {
    if (reason === undefined) this.done++;
    else this.refused++;
    this.last = { at, isReloaded: reason === undefined, reason };
  }
}
