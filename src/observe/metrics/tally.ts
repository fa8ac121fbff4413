import type { Exchanges, Tick } from "../live.ts";
import { HistogramTotal, quantileMs, TIME_BOUNDS_MS } from "./histogram.ts";
import { Recollection } from "./recollection.ts";
import type { Telling, WorkerGauges } from "./telling.ts";
import { PeerTotal, RouteTotal } from "./totals.ts";
import { MOST_GONE } from "./worker-meter.ts";

/** So many seconds are kept: fifteen minutes. */
const MOST_TICKS = 900;

const NO_EXCHANGES: Exchanges = { exchanges: [], untold: 0 };

/** When something is told: by a clock that never goes back, and since 1970. Milliseconds. */
export interface Moment {
  readonly now: number;
  readonly at: number;
}

/** What came since the last tick. */
interface Second {
  requests: number;
  errors: number;
  bytesReceived: number;
  bytesSent: number;
  messagesReceived: number;
  messagesSent: number;
}

/** All that the workers of a process told: sums that never go back, how each is now, and the last fifteen minutes. */
export class Tally {
  readonly routes = new Map<string, RouteTotal>();
  readonly peers = new Map<string, PeerTotal>();
  readonly errors = new Map<string, number>();
  /** By the worker's number. */
  readonly gauges = new Map<number, WorkerGauges>();
  /** Processor time by the worker's number, those that it had before included. */
  readonly cpuMs = new Map<number, number>();
  readonly recollection = new Recollection();
  messagesReceived = 0;
  messagesSent = 0;
  droppedLines = 0;
  /** When it began, by the clock that never goes back. */
  readonly #since: number;
  readonly #ticks: Tick[] = [];
  #second: Second = newSecond();
  readonly #times = new HistogramTotal(TIME_BOUNDS_MS.length);
  /** By the key of their filter. */
  #watched = new Map<string, Exchanges>();

  constructor(now: number) {
    this.#since = now;
  }

  get since(): number {
    return this.#since;
  }

  /** The oldest first. */
  get ticks(): readonly Tick[] {
    return this.#ticks;
  }

  add(worker: number, telling: Telling, { now, at }: Moment): void {
    const { counts, messagesReceived, messagesSent } = telling;
    const second = this.#second;
    for (const delta of counts.routes) {
      const known = this.routes.get(delta.key);
      const route = known ?? new RouteTotal(delta.key);
      if (known === undefined) this.routes.set(delta.key, route);
      route.add(delta, now);
      second.requests += delta.requests;
      second.errors += delta.failed;
      second.bytesReceived += delta.bytesReceived;
      second.bytesSent += delta.sizes?.sum ?? 0;
      if (delta.durations !== undefined) this.#times.add(delta.durations);
    }
    for (const delta of telling.peers) {
      const known = this.peers.get(delta.name);
      const peer = known ?? new PeerTotal(delta.name);
      if (known === undefined) this.peers.set(delta.name, peer);
      peer.add(delta, now);
    }
    for (const [reason, count] of counts.errors) this.errors.set(reason, (this.errors.get(reason) ?? 0) + count);
    this.cpuMs.set(worker, (this.cpuMs.get(worker) ?? 0) + telling.cpuMs);
    this.gauges.set(worker, telling.now);
    this.messagesReceived += messagesReceived;
    this.messagesSent += messagesSent;
    second.messagesReceived += messagesReceived;
    second.messagesSent += messagesSent;
    this.droppedLines += telling.droppedLines;
    this.recollection.add(counts.exchanges, at);
    for (const { key, exchanges, untold } of counts.exchanges.watched) {
      const known = this.#watched.get(key) ?? NO_EXCHANGES;
      this.#watched.set(key, { exchanges: [...known.exchanges, ...exchanges], untold: known.untold + untold });
    }
  }

  /** A worker has ended: what it counted stays, what it was is over. */
  forgetGauges(worker: number): void {
    this.gauges.delete(worker);
  }

  /** Some of it may be gone. */
  get isCrowded(): boolean {
    return this.routes.size > MOST_GONE || this.peers.size > MOST_GONE;
  }

  /** Forgets what is no longer configured, the oldest first, where it is much. */
  forgetGone(routes: ReadonlySet<string>, peers: ReadonlySet<string>): void {
    forget(this.routes, routes);
    forget(this.peers, peers);
  }

  /** Ends a second. */
  tick(at: number): Tick {
    const times = this.#times;
    const gauges = [...this.gauges.values()];
    const tick: Tick = {
      at,
      ...this.#second,
      inFlight: sum(gauges.map(({ inFlight }) => inFlight)),
      webSocketsOpen: sum(gauges.map(({ webSocketsOpen }) => webSocketsOpen)),
      p50Ms: quantileMs(times, 0.5),
      p90Ms: quantileMs(times, 0.9),
      p99Ms: quantileMs(times, 0.99),
    };
    this.#second = newSecond();
    times.clear();
    if (isSomething(tick)) this.#ticks.push(tick);
    this.#forgetOld(at - MOST_TICKS * 1_000);
    return tick;
  }

  /** In place: a copy each second is a megabyte a minute for a process that seldom has a reason to collect. */
  #forgetOld(oldest: number): void {
    const ticks = this.#ticks;
    while (ticks.length > MOST_TICKS || (ticks[0]?.at ?? oldest) < oldest) ticks.shift();
  }

  /** What ended since this was last called, while somebody watched, by the key of their filter. */
  takeWatched(): ReadonlyMap<string, Exchanges> {
    const taken = this.#watched;
    this.#watched = new Map();
    return taken;
  }
}

function isSomething(tick: Tick): boolean {
  return tick.requests + tick.inFlight + tick.webSocketsOpen + tick.messagesReceived + tick.messagesSent > 0;
}

function forget(all: Map<string, unknown>, used: ReadonlySet<string>): void {
  if (all.size <= MOST_GONE) return;
  const gone = [...all.keys()].filter((key) => !used.has(key));
  for (const key of gone.slice(0, Math.max(0, gone.length - MOST_GONE))) all.delete(key);
}

export function sum(counts: readonly number[]): number {
  return counts.reduce((all, count) => all + count, 0);
}

function newSecond(): Second {
  return { requests: 0, errors: 0, bytesReceived: 0, bytesSent: 0, messagesReceived: 0, messagesSent: 0 };
}
