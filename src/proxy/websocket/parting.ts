import type { Bridges, Sweepable } from "./bridges.ts";
import type { UpstreamSocket } from "./upstream-socket.ts";

const SWEEP_MS = 1_000;

/** An upstream that said that it goes, and that nobody listens to any more: ended by force where it does not go. */
export class Parting implements Sweepable {
  readonly sweepMs = SWEEP_MS;
  readonly #socket: UpstreamSocket;
  readonly #bridges: Bridges;
  readonly #endAt: number;

  constructor(socket: UpstreamSocket, bridges: Bridges) {
    this.#socket = socket;
    this.#bridges = bridges;
    this.#endAt = performance.now() + bridges.closeGraceMs;
    bridges.add(this);
  }

  sweep(now: number): void {
    if (this.#socket.isOver) this.#bridges.delete(this);
    else if (now >= this.#endAt) this.terminate();
  }

  /** It was told to go already. */
  goAway(): void {}

  terminate(): void {
    this.#socket.terminate();
    this.#bridges.delete(this);
  }
}
