import type { Dice } from "../dice.ts";

/** What every load works with. */
export interface Stage {
  /** Of the proxy: `127.0.0.1:8080`. */
  readonly address: string;
  /** Of its admin listener. */
  readonly adminAddress: string;
  readonly dice: Dice;
  /** The connections that clients keep. */
  readonly session: Bun.FetchSession;
}

/** One kind of traffic: so many exchanges begin in a second, at most so many are under way. */
export interface Load {
  readonly kind: string;
  readonly perSecond: number;
  readonly atOnce: number;
  /** One exchange from its beginning to its end. Gives the bytes that were checked; rejects with what went wrong. */
  run(stage: Stage): Promise<number>;
}

/** What takes longer than this hangs. */
export const HANGS_MS = 30_000;
