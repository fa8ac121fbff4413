import type { Mishap, Scene } from "./mishap.ts";

/** What happened of one kind, and how long each took to be over. */
export interface MishapCount {
  readonly name: string;
  readonly tookMs: readonly number[];
}

/** Between two: often enough for a short run, and so rare that most of a long one has nothing to be excused. */
const LEAST_PAUSE_MS = 3_000;
const MOST_PAUSE_MS = 20_000;
const PAUSES = 45;
/** The last one is over when the time is, and what it broke has been noticed. */
const CALM_AT_END_MS = 6_000;

/** Lets them happen one after the other, in turn. */
export class Mishaps {
  readonly #scene: Scene;
  readonly #kinds: readonly { readonly mishap: Mishap; readonly tookMs: number[] }[];

  constructor(mishaps: readonly Mishap[], scene: Scene) {
    this.#scene = scene;
    this.#kinds = mishaps.map((mishap) => ({ mishap, tookMs: [] }));
  }

  get counts(): readonly MishapCount[] {
    return this.#kinds.map(({ mishap: { name }, tookMs }) => ({ name, tookMs }));
  }

  /** Resolves when the time is over. @param now milliseconds since the load began */
  async happen(timeMs: number, now: () => number): Promise<void> {
    const pauseMs = Math.min(MOST_PAUSE_MS, Math.max(LEAST_PAUSE_MS, timeMs / PAUSES));
    const last = timeMs - CALM_AT_END_MS - pauseMs;
    while (now() < last) {
      for (const { mishap, tookMs } of this.#kinds) {
        if (now() >= last) break;
        await Bun.sleep(pauseMs);
        const took = await this.#happen(mishap);
        if (took !== undefined) tookMs.push(took);
      }
    }
    await Bun.sleep(Math.max(0, timeMs - now()));
  }

  /** How long it took; undefined where the proxy did not get over it. */
  async #happen(mishap: Mishap): Promise<number | undefined> {
    const began = performance.now();
    try {
      await mishap.run(this.#scene);
      return performance.now() - began;
    } catch (error) {
      this.#scene.ledger.failed(mishap.name, error);
      return undefined;
    }
  }
}
