/** The point that all plots are read at; undefined is now. */
export class Cursor {
  #point: number | undefined;
  readonly #listeners: (() => void)[] = [];

  get point(): number | undefined {
    return this.#point;
  }

  move(point: number | undefined): void {
    if (point === this.#point) return;
    this.#point = point;
    for (const listener of this.#listeners) listener();
  }

  onMove(listener: () => void): void {
    this.#listeners.push(listener);
  }
}
