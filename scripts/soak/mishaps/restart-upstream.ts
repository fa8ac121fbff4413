import type { Mishap } from "./mishap.ts";

const AWAY_MS = 400;

/** An upstream crashes and comes back at the same place. */
export const restartUpstream: Mishap = {
  name: "upstream restarts",
  async run({ origins, dice, ledger }) {
    const [first, ...others] = origins;
    const origin = dice.pick([first, ...others]);
    using _ = ledger.expectFailures();
    await origin.kill();
    await Bun.sleep(AWAY_MS);
    await origin.start();
  },
};
