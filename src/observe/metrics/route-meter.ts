import {
  type HistogramDelta,
  SIZE_BOUNDS_BYTES,
  sizeBucket,
  takeHistogram,
  TIME_BOUNDS_MS,
  timeBucket,
} from "./histogram.ts";

/** One request that is over, as it is counted. Its fields are set anew for each: none is made on the way. */
export interface Counted {
  /** Of `WorkerMeter.hosts`. */
  host: number;
  status: number;
  /** Whether the answer is the proxy's or the upstream's failure: 5xx, or broken off. */
  isFailed: boolean;
  /** NaN for what stays open as long as its ends like: WebSockets and event streams. */
  tookMs: number;
  bytesReceived: number;
  bytesSent: number;
  /** Attempts beside the first. */
  retries: number;
}

/** One that says nothing yet. */
export function newCounted(): Counted {
  return { host: 0, status: 0, isFailed: false, tookMs: Number.NaN, bytesReceived: 0, bytesSent: 0, retries: 0 };
}

/**
 * What is counted of one route in a worker since it was last taken. One request touches this object and a few places of one
 * array: it is memory that a busy proxy waits for, not arithmetic.
 */
export class RouteMeter {
  readonly key: string;
  /** The last configuration that had it, as `WorkerMeter` counts them. */
  revision = 0;
  readonly #statuses: StatusSlots;
  /** By host, then by the status's slot: what is not of the present run. */
  readonly #byHost = new Map<number, Uint32Array>();
  /** Requests one after the other with the same host and status, and these. */
  #run = 0;
  #runHost = 0;
  #runStatus = 0;
  /** Durations, then sizes. Made by the first request. */
  #buckets: Uint32Array | undefined = undefined;
  #durationSum = 0;
  #sizeSum = 0;
  #requests = 0;
  #failed = 0;
  #retries = 0;
  #bytesReceived = 0;

  constructor(key: string, statuses: StatusSlots) {
    this.key = key;
    this.#statuses = statuses;
  }

  add({ host, status, isFailed, tookMs, bytesReceived, bytesSent, retries }: Counted): void {
    this.#requests++;
    if (isFailed) this.#failed++;
    this.#retries += retries;
    this.#bytesReceived += bytesReceived;
    if (status !== this.#runStatus || host !== this.#runHost) this.#beginRun(host, status);
    this.#run++;
    const buckets = (this.#buckets ??= new Uint32Array(DURATIONS + SIZES));
    const size = DURATIONS + sizeBucket(bytesSent);
    buckets[size] = (buckets[size] ?? 0) + 1;
    this.#sizeSum += bytesSent;
    if (!(tookMs >= 0)) return;
    const duration = timeBucket(tookMs);
    buckets[duration] = (buckets[duration] ?? 0) + 1;
    this.#durationSum += tookMs;
  }

  /** Undefined for nothing. @param hosts their labels, by their numbers */
  take(hosts: readonly string[]): RouteDelta | undefined {
    if (this.#requests === 0) return undefined;
    const delta = {
      key: this.key,
      requests: this.#requests,
      failed: this.#failed,
      retries: this.#retries,
      bytesReceived: this.#bytesReceived,
      statuses: this.#takeStatuses(hosts),
      durations: takeHistogram(this.#buckets?.subarray(0, DURATIONS), this.#durationSum),
      sizes: takeHistogram(this.#buckets?.subarray(DURATIONS), this.#sizeSum),
    };
    this.#durationSum = 0;
    this.#sizeSum = 0;
    this.#requests = 0;
    this.#failed = 0;
    this.#retries = 0;
    this.#bytesReceived = 0;
    return delta;
  }

  #takeStatuses(hosts: readonly string[]): readonly StatusCount[] {
    this.#beginRun(0, 0);
    const found: StatusCount[] = [];
    for (const [host, counts] of this.#byHost) {
      for (const [slot, count] of counts.entries()) {
        if (count > 0) found.push({ host: hosts[host] ?? "", status: this.#statuses.at(slot), count });
      }
      counts.fill(0);
    }
    return found;
  }

  /** Puts the run before away. */
  #beginRun(host: number, status: number): void {
    if (this.#run > 0) {
      const slot = this.#statuses.of(this.#runStatus);
      const counts = this.#countsOf(this.#runHost, slot);
      counts[slot] = (counts[slot] ?? 0) + this.#run;
    }
    this.#run = 0;
    this.#runHost = host;
    this.#runStatus = status;
  }

  #countsOf(host: number, slot: number): Uint32Array {
    const before = this.#byHost.get(host);
    if (before !== undefined && slot < before.length) return before;
    const counts = new Uint32Array(slot + 4);
    if (before !== undefined) counts.set(before);
    this.#byHost.set(host, counts);
    return counts;
  }
}

/** How many buckets each has. */
const DURATIONS = TIME_BOUNDS_MS.length + 1;
const SIZES = SIZE_BOUNDS_BYTES.length + 1;

export interface StatusCount {
  readonly host: string;
  readonly status: number;
  readonly count: number;
}

/** What came to a route's counts meanwhile. */
export interface RouteDelta {
  readonly key: string;
  readonly requests: number;
  readonly failed: number;
  readonly retries: number;
  readonly bytesReceived: number;
  readonly statuses: readonly StatusCount[];
  /** Milliseconds. */
  readonly durations: HistogramDelta | undefined;
  /** Bytes of answers' bodies. */
  readonly sizes: HistogramDelta | undefined;
}

/** The statuses that were seen, each with a small number: counts stand in short arrays. */
export class StatusSlots {
  readonly #slots = new Uint16Array(1_000);
  readonly #statuses: number[] = [];

  of(status: number): number {
    const known = this.#slots[status] ?? 0;
    if (known > 0) return known - 1;
    // 0 where it is not known; what is none is counted so.
    const valid = status >= 100 && status < 1_000 ? status : 0;
    const same = this.#slots[valid] ?? 0;
    if (same > 0) return same - 1;
    this.#statuses.push(valid);
    this.#slots[valid] = this.#statuses.length;
    return this.#statuses.length - 1;
  }

  at(slot: number): number {
    return this.#statuses[slot] ?? 0;
  }
}
