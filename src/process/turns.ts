/** Work that goes one after the other, whatever comes of it. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Does it when all that came before is over. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return await done;
  }
}
