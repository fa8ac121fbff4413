import type { Exchange } from "../../src/observe/live.ts";
import type { Telling } from "../../src/observe/metrics/telling.ts";
import { WorkerMeter } from "../../src/observe/metrics/worker-meter.ts";

/** One request of a thought worker. */
export interface Thought {
  readonly route?: string;
  readonly host?: string;
  readonly status?: number;
  readonly tookMs?: number;
  readonly bytesReceived?: number;
  readonly bytesSent?: number;
  readonly retries?: number;
}

/** Counts requests as a gateway does. */
export function count(meter: WorkerMeter, { route = "/", host, status = 200, tookMs = 1, ...more }: Thought): void {
  const { counted } = meter;
  counted.host = host === undefined ? 0 : meter.host(host);
  counted.status = status;
  counted.isFailed = status >= 500;
  counted.tookMs = tookMs;
  counted.bytesReceived = more.bytesReceived ?? 0;
  counted.bytesSent = more.bytesSent ?? 0;
  counted.retries = more.retries ?? 0;
  meter.ledger.add(meter.route(route), counted);
}

/** What a worker tells that has nothing to tell but this. */
export function tellingOf(meter: WorkerMeter, more: Partial<Telling> = {}): Telling {
  return {
    counts: meter.take({ watched: [], most: 0, slowerThanMs: 0 }),
    peers: [],
    messagesReceived: 0,
    messagesSent: 0,
    droppedLines: 0,
    cpuMs: 0,
    now: { inFlight: 0, webSocketsOpen: 0, rssBytes: 1, openFds: undefined },
    ...more,
  };
}

export function exchange(durationMs: number, more: Partial<Exchange> = {}): Exchange {
  return {
    at: 0,
    method: "GET",
    host: "a.example",
    uri: "/",
    status: 200,
    durationMs,
    sizeBytes: 0,
    clientAddress: "192.0.2.1",
    route: "/",
    peer: undefined,
    retries: 0,
    requestId: undefined,
    error: undefined,
    ...more,
  };
}
