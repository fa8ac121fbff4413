import type { Ask } from "./messages.ts";
import type { WorkerSlot } from "./worker-slot.ts";

/** Passes on what the worker that looks at peers finds: active health checks are made once, however many workers there are. */
export class HealthRelay {
  readonly #slots: () => readonly WorkerSlot[];
  readonly #down = new Set<string>();

  constructor(slots: () => readonly WorkerSlot[]) {
    this.#slots = slots;
  }

  /** Names of the peers that are down. */
  get down(): readonly string[] {
    return [...this.#down];
  }

  /** One worker has found a peer down, or up again: all others are told at once. */
  readonly onHealth = (from: WorkerSlot, peer: string, isUp: boolean): void => {
    if (isUp) this.#down.delete(peer);
    else this.#down.add(peer);
    this.tell(this.#slots().filter((slot) => slot !== from));
  };

  /** Tells workers that serve what is known. */
  tell(slots: readonly WorkerSlot[]): void {
    const ask: Ask = { type: "set_down", down: this.down };
    for (const slot of slots) if (slot.isServing) void slot.ask(ask);
  }
}
