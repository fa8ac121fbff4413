import type { Tick } from "../../observe/live.ts";

/** What the plots show: the last fifteen minutes, in points of five seconds. */
export const WINDOW_MS = 15 * 60_000;
export const POINT_MS = 5_000;
export const POINTS = WINDOW_MS / POINT_MS;

/** One point of the plots: some seconds together. */
export interface Point {
  /** The end of its time, milliseconds since 1970. */
  readonly at: number;
  readonly requestsPerSecond: number;
  readonly errorsPerSecond: number;
  readonly requests: number;
  readonly errors: number;
  /** The seconds' own, weighed by their requests; null where there was none. */
  readonly p50Ms: number | null;
  readonly p90Ms: number | null;
  readonly p99Ms: number | null;
}

/** Both together, in order, each second once (the later word holds), and no older than the window before the newest. */
export function mergedTicks(known: readonly Tick[], more: readonly Tick[]): readonly Tick[] {
  const last = known.at(-1);
  const [only] = more;
  // The usual case: one second that follows.
  const isNext = more.length === 1 && only !== undefined && (last === undefined || only.at > last.at);
  const all = isNext
    ? [...known, only]
    : [...new Map([...known, ...more].map((tick) => [tick.at, tick])).values()].sort((a, b) => a.at - b.at);
  const oldest = (all.at(-1)?.at ?? 0) - WINDOW_MS;
  const from = all.findIndex(({ at }) => at > oldest);
  return from > 0 ? all.slice(from) : all;
}

/**
 * The points of the window that ends with the newest tick, the oldest first. Seconds that are not told were idle where the
 * process was there already (`since`); before, they are unknown, and a point of such alone is undefined.
 */
export function pointsOf(ticks: readonly Tick[], since: number): readonly (Point | undefined)[] {
  const lists: Tick[][] = Array.from({ length: POINTS }, () => []);
  const newest = ticks.at(-1);
  if (newest === undefined) return lists.map(() => undefined);
  const end = numberOf(newest.at);
  for (const tick of ticks) lists[POINTS - 1 - (end - numberOf(tick.at))]?.push(tick);
  return lists.map((list, i) => {
    const at = (end - (POINTS - 1 - i) + 1) * POINT_MS;
    const livedMs = Math.min(at, newest.at) - Math.max(at - POINT_MS, since);
    return pointOf(list, { at, seconds: Math.max(list.length, Math.round(livedMs / 1_000)) });
  });
}

/** Some seconds as one point, `seconds` of them with those that were idle; undefined where that is none. */
export function pointOf(
  ticks: readonly Tick[],
  { at, seconds }: { readonly at: number; readonly seconds: number },
): Point | undefined {
  if (seconds <= 0) return undefined;
  const requests = sum(ticks, (tick) => tick.requests);
  const errors = sum(ticks, (tick) => tick.errors);
  return {
    at,
    requests,
    errors,
    requestsPerSecond: requests / seconds,
    errorsPerSecond: errors / seconds,
    p50Ms: weighed(ticks, ({ p50Ms }) => p50Ms),
    p90Ms: weighed(ticks, ({ p90Ms }) => p90Ms),
    p99Ms: weighed(ticks, ({ p99Ms }) => p99Ms),
  };
}

/** The last five seconds: what is now, without the noise of one second. */
export function recentOf(ticks: readonly Tick[]): Point | undefined {
  const at = ticks.at(-1)?.at ?? 0;
  const last = ticks.filter((tick) => tick.at > at - POINT_MS);
  return pointOf(last, { at, seconds: last.length });
}

export function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

/** Which point a tick belongs to, by the second whose end it is. */
function numberOf(at: number): number {
  return Math.floor((at - 1) / POINT_MS);
}

function weighed(ticks: readonly Tick[], of: (tick: Tick) => number | null): number | null {
  let total = 0;
  let weight = 0;
  for (const tick of ticks) {
    const value = of(tick);
    if (value === null) continue;
    // A second may have a latency of what is not counted among its requests.
    const own = Math.max(1, tick.requests);
    total += value * own;
    weight += own;
  }
  return weight === 0 ? null : total / weight;
}
