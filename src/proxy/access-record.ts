import type { AccessRecord, WebSocketRecord } from "../observe/access-record.ts";
import type { GatewaySession } from "./gateway-ctx.ts";
import { bytesReceived } from "./observation.ts";
import type { BridgeEnd } from "./websocket/bridges.ts";

const NO_FIELDS = new Headers();

/** What the access log is told of a request that is over. */
export function accessRecord(session: GatewaySession): AccessRecord {
  const { request, ctx, error, observation, owner } = session;
  const end = observation?.webSocketEnd;
  return {
    endMs: Date.now(),
    remoteAddress: session.remoteAddress,
    remotePort: session.remotePort,
    clientAddress: session.clientAddress,
    proto: observation?.protocol,
    method: request.method,
    host: session.host ?? "",
    uri: session.originalTarget,
    requestHeaders: request.headers,
    secure: session.secure,
    userId: ctx.user ?? "",
    durationMs: observation?.elapsedMs() ?? 0,
    size: session.bytesSent,
    bytesRead: bytesReceived(session),
    status: session.status,
    responseHeaders: session.answerHeaders ?? NO_FIELDS,
    route: owner?.key,
    upstream: session.peer?.name,
    connectMs: observation?.connectMs,
    upstreamLatencyMs: observation?.upstreamLatencyMs,
    retries: Math.max(0, session.attempts - 1),
    requestId: ctx.uuid,
    traceId: ctx.trace?.traceId,
    spanId: ctx.trace?.spanId,
    error: error === undefined ? ctx.refusal : `${error.kind}: ${error.detail}`,
    webSocket: end === undefined ? undefined : webSocketRecord(end),
  };
}

function webSocketRecord({ by, code, reason, clientCode, upstreamCode, traffic }: BridgeEnd): WebSocketRecord {
  return { closedBy: by, code, reason, clientCode, upstreamCode, traffic };
}
