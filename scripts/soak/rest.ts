import { processesOf } from "../bench/processes.ts";
import type { Origin } from "./origin.ts";
import type { Proxy } from "./proxy.ts";
import { openFiles } from "./sockets.ts";

/** The counts that are looked at, and what they count. */
export const COUNTS = {
  sockets: "open sockets of the proxy's processes",
  others: "other open files of theirs",
  open: "requests and WebSockets open, as workers say",
  inFlight: "requests and WebSockets on peers, as workers say",
  timers: "timers of its processes",
  requests: "Request objects of theirs",
  signals: "AbortSignal objects of theirs",
  streams: "ReadableStream objects of theirs",
  originRequests: "requests open in upstreams, as they say",
  originWebSockets: "WebSockets open in upstreams, as they say",
} as const;

export type CountName = keyof typeof COUNTS;
export const COUNT_NAMES = Object.keys(COUNTS) as CountName[];

/** What is held while nothing is asked for. */
export type Rest = Readonly<Record<CountName, number>>;

/**
 * The collector takes what a stack still seems to point to for alive: a few objects more than before the load are no leak. One
 * that is left by each exchange of a kind is left by dozens in the shortest run.
 */
const COLLECTED: ReadonlySet<CountName> = new Set(["timers", "requests", "signals", "streams"]);
const MOST_UNCOLLECTED = 8;

/** Until this is over, what was under way may end: connections that are kept, health checks of the moment. */
const AT_REST_MS = 20_000;

export async function restOf(proxy: Proxy, origins: readonly Origin[]): Promise<Rest> {
  const holdings = await proxy.holdings();
  const stats = await Promise.all(origins.map((origin) => origin.stats()));
  const files = await openFiles(await processesOf(proxy.pid));
  const objects = (type: string): number => sum(holdings.map((each) => each.objects[type] ?? 0));
  return {
    ...files,
    open: sum(holdings.map(({ open }) => open)),
    inFlight: sum(holdings.map(({ inFlight }) => inFlight)),
    timers: objects("Timeout"),
    requests: objects("Request"),
    signals: objects("AbortSignal"),
    streams: objects("ReadableStream"),
    originRequests: sum(stats.map(({ requests }) => requests)),
    originWebSockets: sum(stats.map(({ webSockets }) => webSockets)),
  };
}

/** What came of waiting until nothing is held but what was held before the load. */
export interface Settled {
  readonly after: Rest;
  readonly tookMs: number;
  readonly left: readonly CountName[];
}

/** Looks until nothing is left, but not for long. */
export async function settled(before: Rest, look: () => Promise<Rest>, forMs = AT_REST_MS): Promise<Settled> {
  const began = performance.now();
  for (;;) {
    const after = await look();
    const tookMs = performance.now() - began;
    const left = COUNT_NAMES.filter(
      (name) => after[name] > before[name] + (COLLECTED.has(name) ? MOST_UNCOLLECTED : 0),
    );
    if (left.length === 0 || tookMs > forMs) return { after, tookMs, left };
    await Bun.sleep(Math.min(250, forMs));
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
