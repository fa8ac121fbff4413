import type { Dice } from "../dice.ts";
import type { Ledger } from "../ledger.ts";
import type { Origin } from "../origin.ts";
import type { Proxy } from "../proxy.ts";

/** What is done things to. */
export interface Scene {
  readonly proxy: Proxy;
  readonly origins: readonly [Origin, ...Origin[]];
  readonly dice: Dice;
  readonly ledger: Ledger;
  /** The worker that is never killed, counted from 1: its memory is that of the whole run. */
  readonly spared: number;
}

/** Something that happens to a proxy in the middle of its work. */
export interface Mishap {
  readonly name: string;
  /** Resolves when it is over. Rejects where the proxy does not get over it. */
  run(scene: Scene): Promise<void>;
}

/** Looks again and again, with a deadline. */
export async function until(what: string, deadlineMs: number, look: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!(await look())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${deadlineMs} ms`);
    await Bun.sleep(20);
  }
}
