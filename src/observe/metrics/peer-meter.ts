import { type HistogramDelta, takeHistogram, TIME_BOUNDS_MS, timeBucket } from "./histogram.ts";

/** What is counted of one upstream address in a worker since it was last taken. */
export class PeerMeter {
  #requests = 0;
  #failures = 0;
  /** Times to the head. Made by the first answer. */
  #buckets: Uint32Array | undefined = undefined;
  #sumMs = 0;

  /** The head of an answer came, so long after the attempt began; undefined where nobody took the time. */
  onHead(tookMs: number | undefined): void {
    this.#requests++;
    if (tookMs === undefined) return;
    const buckets = (this.#buckets ??= new Uint32Array(TIME_BOUNDS_MS.length + 1));
    const bucket = timeBucket(tookMs);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    this.#sumMs += tookMs;
  }

  /** An attempt ended without a head. @param isPeers by the peer's fault */
  onFailure(isPeers: boolean): void {
    this.#requests++;
    if (isPeers) this.#failures++;
  }

  /** What had a head already broke off by the peer's fault. */
  onBroken(): void {
    this.#failures++;
  }

  /** Undefined for nothing. */
  take(name: string): PeerDelta | undefined {
    if (this.#requests === 0 && this.#failures === 0) return undefined;
    const latency = takeHistogram(this.#buckets, this.#sumMs);
    const delta = { name, requests: this.#requests, failures: this.#failures, latency };
    this.#requests = 0;
    this.#failures = 0;
    this.#sumMs = 0;
    return delta;
  }
}

/** What came to a peer's counts meanwhile. */
export interface PeerDelta {
  /** Its own: of an upstream with a name, one for each address. */
  readonly name: string;
  /** Attempts. */
  readonly requests: number;
  readonly failures: number;
  /** To the head of the answer, milliseconds. */
  readonly latency: HistogramDelta | undefined;
}
