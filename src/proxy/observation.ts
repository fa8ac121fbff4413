import { estimateShallowMemoryUsageOf } from "bun:jsc";
import type { Downstream } from "./downstream.ts";
import type { Session } from "./session.ts";
import type { BridgeEnd } from "./websocket/bridges.ts";
import type { Traffic } from "./websocket/traffic.ts";

/** What a request came by. `HTTP/1.1` is also a 1.0 with a Host field, which Bun does not tell apart (1.4.5). */
export type Protocol = "HTTP/1.0" | "HTTP/1.1" | "HTTP/2.0" | "HTTP/3.0";

/**
 * What is measured of one exchange, for the access log and for metrics: made only where the phases are observed. Times
 * are those of `performance.now()`.
 */
export class Observation {
  /** When the request was there. */
  readonly startedAt: number;
  /** Whether bytes of long bodies are counted as they go by; those of unknown length always are. */
  readonly countsBytes: boolean;
  /** Undefined where it is not known: HTTP/2 or HTTP/3, on a listener that has both. */
  readonly protocol: Protocol | undefined;
  /** When the last attempt began; 0 before the first. */
  attemptedAt = 0;
  /**
   * How long the last attempt took to get a new connection, TLS included. Undefined where it took one that was open, and
   * where nobody tells: Bun's fetch does not (1.4.5).
   */
  connectMs: number | undefined = undefined;
  /** From the beginning of the last attempt to the head of its answer; undefined while there is none. */
  upstreamLatencyMs: number | undefined = undefined;
  /** It stays open as long as its ends like: how long it took says nothing. */
  isEventStream = false;
  /** Bytes of the request's body that went by; undefined where they are not counted one by one, see `bytesReceived`. */
  countedBytes: number | undefined = undefined;
  /** Of a WebSocket while it is open: goes on counting. */
  traffic: Readonly<Traffic> | undefined = undefined;
  /** How it ended, when it has. */
  webSocketEnd: BridgeEnd | undefined = undefined;
  /** The time when the present turn of the event loop began with this exchange; 0 where it is not known. */
  #turnAt: number;

  constructor(startedAt: number, countsBytes: boolean, protocol: Protocol | undefined) {
    this.startedAt = startedAt;
    this.#turnAt = startedAt;
    this.countsBytes = countsBytes;
    this.protocol = protocol;
  }

  /** How long it took, asked at its end. */
  elapsedMs(): number {
    // What the proxy answered by itself may have taken it a while within this turn.
    const now = this.upstreamLatencyMs === undefined ? performance.now() : this.now();
    return now - this.startedAt;
  }

  /** The time now: asking the clock costs more than all that is counted of a request. */
  now(): number {
    return this.#turnAt > 0 ? this.#turnAt : performance.now();
  }

  /** What was going on without a wait since `now` was known goes on no longer. */
  endTurn(): void {
    this.#turnAt = 0;
  }

  onAttempt(): void {
    this.attemptedAt = this.now();
    this.connectMs = undefined;
    this.upstreamLatencyMs = undefined;
  }

  /** The head of an answer is there. */
  onHead(connectMs: number | undefined): void {
    const now = performance.now();
    this.#turnAt = now;
    this.upstreamLatencyMs = now - this.attemptedAt;
    this.connectMs = connectMs;
  }
}

/**
 * A body up to this long is here a moment after its request, and is not counted: its Content-Length is true where the
 * exchange went well.
 */
export const UNCOUNTED_BYTES = 64 * 1024;

/**
 * Bytes of the request's body that were read, or of a WebSocket's messages from its client. A body that nobody wanted
 * counts none. Undefined where it is not known: a short body whose exchange failed.
 */
export function bytesReceived({ observation, request, isBodySent, error }: Session): number | undefined {
  const counted = observation?.webSocketEnd?.traffic.bytesReceived ?? observation?.countedBytes;
  if (counted !== undefined) return counted;
  if (!isBodySent) return 0;
  const length = request.headers.get("content-length");
  return length === null || error !== undefined ? undefined : Number(length);
}

/**
 * To be asked before anything has read the request's URL. Bun has no question for it (1.4.5), but makes the URL of a
 * request that came by HTTP/1 only when it is first read, and that of another one before: the estimate of its memory
 * grows by reading, or does not.
 */
export function protocolOf(request: Request, { http2, http3 }: Downstream): Protocol | undefined {
  if (http2 || http3) {
    const before = estimateShallowMemoryUsageOf(request);
    if (request.url.length > 0 && estimateShallowMemoryUsageOf(request) === before) {
      if (http2 && http3) return undefined;
      return http2 ? "HTTP/2.0" : "HTTP/3.0";
    }
  }
  // RFC 9112 3.2 has it in every request of 1.1, and Bun holds clients to that.
  return request.headers.has("host") ? "HTTP/1.1" : "HTTP/1.0";
}
