import { type Mishap, until } from "./mishap.ts";

const REPLACED_MS = 10_000;

/** A worker ends from one moment to the next, and another takes its place. */
export const killWorker: Mishap = {
  name: "worker kills",
  async run({ proxy, dice, ledger, spared }) {
    const { workers } = await proxy.status();
    const [first, ...others] = workers.filter(({ worker, pid }) => worker !== spared && pid !== undefined);
    if (first === undefined) return;
    const victim = dice.pick([first, ...others]);
    using _ = ledger.expectFailures();
    process.kill(victim.pid ?? 0, "SIGKILL");
    await until(`another worker ${victim.worker}`, REPLACED_MS, async () => {
      const now = (await proxy.status()).workers.find(({ worker }) => worker === victim.worker);
      return now?.isServing === true && now.pid !== victim.pid;
    });
  },
};
