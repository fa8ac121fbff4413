import type { Ledger } from "./ledger.ts";
import type { Load, Stage } from "./loads/load.ts";

/** Begins exchanges at the rates of their loads, and waits for those under way when it is stopped. */
export class Traffic implements AsyncDisposable {
  readonly #stage: Stage;
  readonly #ledger: Ledger;
  readonly #timers: Timer[] = [];
  readonly #underWay = new Set<Promise<void>>();
  /** Exchanges that did not begin since too many of their kind were under way. */
  heldBack = 0;

  constructor(loads: readonly Load[], stage: Stage, ledger: Ledger) {
    this.#stage = stage;
    this.#ledger = ledger;
    for (const load of loads) this.#begin(load);
  }

  /** Nothing begins any more. Resolves when all is over. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all(this.#underWay);
    this.#stage.session.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #begin(load: Load): void {
    let count = 0;
    this.#timers.push(
      setInterval(() => {
        if (count >= load.atOnce) {
          this.heldBack++;
          return;
        }
        count++;
        const exchange = this.#exchange(load).finally(() => {
          count--;
          this.#underWay.delete(exchange);
        });
        this.#underWay.add(exchange);
      }, 1000 / load.perSecond),
    );
  }

  async #exchange(load: Load): Promise<void> {
    try {
      this.#ledger.done(load.kind, await load.run(this.#stage));
    } catch (error) {
      this.#ledger.failed(load.kind, error);
    }
  }
}
