import type { AccessRecord } from "../../src/observe/access-record.ts";

/** A record of a plain request that went well, but for what is given. */
export function record(some: Partial<AccessRecord> = {}): AccessRecord {
  return {
    endMs: 1_795_543_015_342,
    remoteAddress: "127.0.0.1",
    remotePort: 34_250,
    clientAddress: "192.0.2.1",
    proto: "HTTP/1.1",
    method: "GET",
    host: "a.example",
    uri: "/a%2Fb?q=1",
    requestHeaders: new Headers(),
    secure: false,
    userId: "",
    durationMs: 1.5,
    size: 5,
    bytesRead: 0,
    status: 200,
    responseHeaders: new Headers(),
    route: undefined,
    upstream: undefined,
    connectMs: undefined,
    upstreamLatencyMs: undefined,
    retries: 0,
    requestId: undefined,
    traceId: undefined,
    spanId: undefined,
    error: undefined,
    webSocket: undefined,
    ...some,
  };
}
