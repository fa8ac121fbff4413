import { Dice } from "./dice.ts";
import { type Account, Ledger } from "./ledger.ts";
import { aborts } from "./loads/aborts.ts";
import { large, small } from "./loads/downloads.ts";
import { eventStreams } from "./loads/event-streams.ts";
import { scrapes } from "./loads/scrapes.ts";
import { uploads } from "./loads/uploads.ts";
import { webSockets } from "./loads/web-sockets.ts";
import { type Logged, loggedIn } from "./logged.ts";
import { type Growth, growthsOf, MemoryWatch, type Sample } from "./memory.ts";
import { killWorker } from "./mishaps/kill-worker.ts";
import { type MishapCount, Mishaps } from "./mishaps/mishaps.ts";
import { Reload } from "./mishaps/reload.ts";
import { restartUpstream } from "./mishaps/restart-upstream.ts";
import { Origin } from "./origin.ts";
import { Proxy } from "./proxy.ts";
import { type Rest, restOf, type Settled, settled } from "./rest.ts";
import { Traffic } from "./traffic.ts";

export interface SoakOptions {
  readonly binary: string;
  readonly dir: string;
  readonly timeMs: number;
  readonly threads: number;
  readonly seed: number;
}

/** All that is known at the end. */
export interface Soaked {
  readonly timeMs: number;
  readonly accounts: readonly Account[];
  /** Failures in windows by their reason, with how often each came. */
  readonly excused: Readonly<Record<string, number>>;
  readonly failures: readonly string[];
  /** For so long failures had to be expected. */
  readonly windowsMs: number;
  readonly heldBack: number;
  readonly mishaps: readonly MishapCount[];
  readonly samples: readonly Sample[];
  readonly growths: readonly Growth[];
  readonly before: Rest;
  readonly rest: Settled;
  readonly stop: { readonly code: number; readonly tookMs: number };
  readonly logged: Logged;
}

const LOADS = [small, large, uploads, eventStreams, webSockets, aborts, scrapes];
/** Rounds of everything before the load: each worker has then done each thing, and has what is made for the first one. */
const WARM_UPS = 20;
const WARM_UPS_AT_ONCE = 5;
/** The supervisor's heap grows over the first ones (from 31 to 45 MB), and goes up and down from then on. */
const WARM_RELOADS = 30;
/** Longer than idle connections are kept. */
const CALM_MS = 4_000;
const SAMPLES_EVERY_MS = 500;

/** Runs the mix for its time, and waits until all is at rest again. */
export async function soak({ binary, dir, timeMs, threads, seed }: SoakOptions): Promise<Soaked> {
  await using stack = new AsyncDisposableStack();
  const origins = [stack.use(new Origin()), stack.use(new Origin())] as const;
  await Promise.all(origins.map((origin) => origin.start()));
  const proxy = stack.use(new Proxy({ binary, dir, threads, originPorts: origins.map(({ port }) => port) }));
  await proxy.start();
  const { address, adminAddress } = proxy;
  const reload = new Reload();
  await warmUp({ proxy, reload, seed: seed + 2 });
  const before = await restOf(proxy, origins);

  const began = performance.now();
  const now = (): number => performance.now() - began;
  const ledger = new Ledger(now);
  const memory = stack.use(new MemoryWatch(proxy.pid, SAMPLES_EVERY_MS, now));
  const session = new Bun.FetchSession({});
  const traffic = stack.use(new Traffic(LOADS, { address, adminAddress, dice: new Dice(seed), session }, ledger));
  const scene = { proxy, origins, dice: new Dice(seed + 1), ledger, spared: 1 + (seed % threads) };
  const mishaps = new Mishaps([reload, restartUpstream, ...(threads > 1 ? [killWorker] : [])], scene);
  await mishaps.happen(timeMs, now);
  memory[Symbol.dispose]();
  const { windowsMs } = ledger;
  await traffic.stop();

  const rest = await settled(before, () => restOf(proxy, origins));
  const stop = await proxy.stop();
  const { samples } = memory;
  return {
    timeMs,
    accounts: ledger.accounts,
    excused: Object.fromEntries(ledger.excused),
    failures: ledger.failures,
    windowsMs,
    heldBack: traffic.heldBack,
    mishaps: mishaps.counts,
    samples,
    growths: growthsOf(samples, timeMs),
    before,
    rest,
    stop,
    logged: loggedIn(await proxy.log()),
  };
}

async function warmUp({ proxy, reload, seed }: { proxy: Proxy; reload: Reload; seed: number }): Promise<void> {
  for (let round = 0; round < WARM_UPS; round += WARM_UPS_AT_ONCE) {
    await Promise.all(Array.from({ length: WARM_UPS_AT_ONCE }, (_, i) => warmRound(proxy, seed + round + i)));
  }
  for (let round = 0; round < WARM_RELOADS; round++) await reload.run({ proxy });
  await Bun.sleep(CALM_MS);
}

async function warmRound({ address, adminAddress }: Proxy, seed: number): Promise<void> {
  // Connections of its own, which may come to another worker.
  const session = new Bun.FetchSession({});
  const stage = { address, adminAddress, dice: new Dice(seed), session };
  await Promise.all(LOADS.map((load) => load.run(stage)));
  session.close();
}
