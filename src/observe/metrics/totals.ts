import { HistogramTotal, quantileMs, SIZE_BOUNDS_BYTES, TIME_BOUNDS_MS } from "./histogram.ts";
import type { PeerDelta } from "./peer-meter.ts";
import { Recent } from "./recent.ts";
import type { RouteDelta } from "./route-meter.ts";

/** All that workers told of one route, those that ended included: it never goes back. */
export class RouteTotal {
  readonly key: string;
  requests = 0;
  failed = 0;
  retries = 0;
  bytesReceived = 0;
  /** By `host`, then by status. */
  readonly statuses = new Map<string, Map<number, number>>();
  readonly durations = new HistogramTotal(TIME_BOUNDS_MS.length);
  readonly sizes = new HistogramTotal(SIZE_BOUNDS_BYTES.length);
  readonly #recent = new Recent();

  constructor(key: string) {
    this.key = key;
  }

  add(delta: RouteDelta, now: number): void {
    this.requests += delta.requests;
    this.failed += delta.failed;
    this.retries += delta.retries;
    this.bytesReceived += delta.bytesReceived;
    for (const { host, status, count } of delta.statuses) {
      let byStatus = this.statuses.get(host);
      if (byStatus === undefined) this.statuses.set(host, (byStatus = new Map<number, number>()));
      byStatus.set(status, (byStatus.get(status) ?? 0) + count);
    }
    if (delta.durations !== undefined) this.durations.add(delta.durations);
    if (delta.sizes !== undefined) this.sizes.add(delta.sizes);
    this.#recent.add({ requests: delta.requests, times: delta.durations }, now);
  }

  /** Of the last minute. */
  recent(now: number, sinceMs: number): RecentFigures {
    return figuresOf(this.#recent, now, sinceMs);
  }
}

/** All that workers told of one peer. */
export class PeerTotal {
  readonly name: string;
  requests = 0;
  failures = 0;
  readonly latency = new HistogramTotal(TIME_BOUNDS_MS.length);
  readonly #recent = new Recent();

  constructor(name: string) {
    this.name = name;
  }

  add({ requests, failures, latency }: PeerDelta, now: number): void {
    this.requests += requests;
    this.failures += failures;
    if (latency !== undefined) this.latency.add(latency);
    this.#recent.add({ requests, times: latency }, now);
  }

  /** Of the last minute. */
  recent(now: number, sinceMs: number): RecentFigures {
    return figuresOf(this.#recent, now, sinceMs);
  }
}

export interface RecentFigures {
  readonly requestsPerSecond: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

function figuresOf(recent: Recent, now: number, sinceMs: number): RecentFigures {
  const { requests, times, seconds } = recent.of(now, sinceMs);
  return { requestsPerSecond: requests / seconds, p50Ms: quantileMs(times, 0.5), p99Ms: quantileMs(times, 0.99) };
}
