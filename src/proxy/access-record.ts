import type { AccessRecord } from "../observe/access-log.ts";
import type { GatewaySession } from "./gateway-ctx.ts";

const NO_FIELDS = new Headers();

/** What the access log is told of a request that is over. */
export function accessRecord(session: GatewaySession): AccessRecord {
  const { request, ctx, error } = session;
  const address = session.downstream.server.requestIP(request);
  return {
    endMs: Date.now(),
    remoteAddress: session.remoteAddress,
    remotePort: address?.port ?? 0,
    clientAddress: session.clientAddress,
    // Bun does not tell HTTP/2 from HTTP/1.1 (1.4.5).
    proto: undefined,
    method: session.method,
    host: session.host ?? "",
    uri: session.originalTarget,
    requestHeaders: request.headers,
    secure: session.secure,
    userId: ctx.user ?? "",
    durationMs: performance.now() - ctx.startedAt,
    size: session.bytesSent,
    bytesRead: Number(request.headers.get("content-length") ?? 0),
    status: session.status,
    responseHeaders: session.answerHeaders ?? NO_FIELDS,
    upstream: session.peer?.name,
    upstreamLatencyMs: undefined,
    retries: Math.max(0, session.attempts - 1),
    requestId: ctx.uuid,
    error: error === undefined ? ctx.refusal : `${error.kind}: ${error.detail}`,
  };
}
