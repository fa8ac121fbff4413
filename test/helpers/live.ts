import type { Exchange, LivePeer, LiveState, Tick } from "../../src/observe/live.ts";

export const LIVE_NOW = 1_700_000_000_000;

export function tick(more: Partial<Tick> = {}): Tick {
  return {
    at: LIVE_NOW,
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
    ...more,
  };
}

export function exchange(more: Partial<Exchange> = {}): Exchange {
  return {
    at: 1_700_000_000_123,
    method: "GET",
    host: "a.example",
    uri: "/x?y",
    status: 200,
    durationMs: 12.34,
    sizeBytes: 1234,
    clientAddress: "192.0.2.7",
    route: "app",
    peer: "127.0.0.1:3000",
    retries: 0,
    requestId: undefined,
    error: undefined,
    ...more,
  };
}

export function livePeer(more: Partial<LivePeer> = {}): LivePeer {
  return {
    name: "127.0.0.1:3000",
    upstream: "127.0.0.1:3000",
    state: "up",
    reason: undefined,
    since: undefined,
    isDraining: false,
    inFlight: 0,
    p50Ms: 1,
    p99Ms: 2,
    requests: 3,
    failures: 0,
    lastError: undefined,
    ...more,
  };
}

export function liveState(more: Partial<LiveState> = {}): LiveState {
  return {
    at: LIVE_NOW,
    version: "0.2.0",
    pid: 12,
    startedAt: LIVE_NOW - 3_725_000,
    urls: ["http://127.0.0.1:8008"],
    mayWrite: true,
    isStopping: false,
    maintenance: { isOn: false, routes: [] },
    reload: { count: 0, last: undefined },
    peers: [livePeer()],
    routes: [{ key: "app", requests: 3, errors: 0, requestsPerSecond: 1.5, p50Ms: 1, p99Ms: 2 }],
    webSockets: [],
    slowest: [],
    failed: [],
    workers: [{ worker: 1, pid: 12, isServing: true, restarts: 0, rssBytes: 70_000_000, inFlight: 0 }],
    certificates: [],
    ...more,
  };
}
