import type { DownPeer } from "../upstream/health/checker.ts";
import type { Ask } from "./messages.ts";
import type { WorkerSlot } from "./worker-slot.ts";

/** Passes on what the worker that looks at peers finds: active health checks are made once, however many workers there are. */
export class HealthRelay {
  readonly #slots: () => readonly WorkerSlot[];
  #down: readonly DownPeer[] = [];

  constructor(slots: () => readonly WorkerSlot[]) {
    this.#slots = slots;
  }

  /** The peers that are down, as the worker that looks said last. */
  get down(): readonly DownPeer[] {
    return this.#down;
  }

  /** One worker says which of all peers are down: where that is news, all others are told at once. */
  readonly onHealth = (from: WorkerSlot, down: readonly DownPeer[]): void => {
    if (Bun.deepEquals(down, this.#down)) return;
    this.#down = down;
    this.tell(this.#slots().filter((slot) => slot !== from));
  };

  /** Tells workers that serve what is known. */
  tell(slots: readonly WorkerSlot[]): void {
    const ask: Ask = { type: "set_down", down: this.#down };
    for (const slot of slots) if (slot.isServing) void slot.ask(ask);
  }
}
