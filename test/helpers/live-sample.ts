import type { Exchange, LivePeer, LiveState, Tick } from "../../src/observe/live.ts";

/** Plain samples of what a process tells live; each may be told otherwise in part. */

export const SAMPLE_NOW = Date.UTC(2026, 10, 25, 20, 30);

export function tickOf(part: Partial<Tick> = {}): Tick {
  return {
    at: SAMPLE_NOW,
    requests: 0,
    errors: 0,
    inFlight: 0,
    p50Ms: null,
    p90Ms: null,
    p99Ms: null,
    bytesReceived: 0,
    bytesSent: 0,
    webSocketsOpen: 0,
    messagesReceived: 0,
    messagesSent: 0,
    ...part,
  };
}

export function peerOf(name: string, part: Partial<LivePeer> = {}): LivePeer {
  return {
    name,
    upstream: name,
    state: "up",
    reason: undefined,
    since: undefined,
    inFlight: 0,
    p50Ms: null,
    p99Ms: null,
    requests: 0,
    failures: 0,
    lastError: undefined,
    ...part,
  };
}

export function exchangeOf(part: Partial<Exchange> = {}): Exchange {
  return {
    at: SAMPLE_NOW,
    method: "GET",
    host: "app.example",
    uri: "/",
    status: 200,
    durationMs: 12,
    sizeBytes: 1_200,
    clientAddress: "203.0.113.9",
    route: "app",
    peer: "127.0.0.1:3000",
    retries: 0,
    requestId: undefined,
    error: undefined,
    ...part,
  };
}

/** One peer, one route, one worker, and nothing that asks for attention. */
export function stateOf(part: Partial<LiveState> = {}): LiveState {
  return {
    at: SAMPLE_NOW,
    version: "0.2.0",
    pid: 4_711,
    startedAt: SAMPLE_NOW - 3 * 60 * 60_000,
    urls: ["http://0.0.0.0:8008"],
    mayWrite: true,
    isStopping: false,
    maintenance: { isOn: false, routes: [] },
    reload: { count: 0, last: undefined },
    peers: [peerOf("127.0.0.1:3000")],
    routes: [{ key: "app", requests: 0, errors: 0, requestsPerSecond: 0, p50Ms: null, p99Ms: null }],
    webSockets: [],
    slowest: [],
    failed: [],
    workers: [{ worker: 1, pid: 4_711, isServing: true, restarts: 0, rssBytes: 84e6, inFlight: 0 }],
    certificates: [],
    ...part,
  };
}
