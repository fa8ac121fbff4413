import { type AccessRecord, levelOf, type WebSocketRecord } from "./access-record.ts";
import { jsonBytes, jsonString } from "./escape.ts";
import { FieldsJson } from "./fields-json.ts";
import type { LineFormat } from "./line-format.ts";
import type { Redaction } from "./redaction.ts";

/** Which of the large parts of a line are left out. */
export interface JsonOmissions {
  readonly requestHeaders: boolean;
  readonly responseHeaders: boolean;
}

const LOGGER = "http.log.access";

/**
 * Caddy's shape, with fields of ours behind it. It is put together as text: of what stands in a line most is the same as
 * in the line before, above all the fields of requests and answers.
 */
export class JsonFormat implements LineFormat {
  readonly #redaction: Redaction;
  readonly #omits: JsonOmissions;
  /** Answers have other fields than requests. */
  readonly #requestFields: FieldsJson;
  readonly #responseFields: FieldsJson;

  constructor(redaction: Redaction, omits: JsonOmissions) {
    this.#redaction = redaction;
    this.#omits = omits;
    // Go, and so Caddy, has the host beside the fields alone.
    this.#requestFields = new FieldsJson(redaction, "host");
    this.#responseFields = new FieldsJson(redaction);
  }

  line(record: AccessRecord): string {
    const { userId, proto, bytesRead, route, upstream, upstreamLatencyMs } = record;
    const head = `{"level":"${levelOf(record)}","ts":${record.endMs / 1000},"logger":"${LOGGER}","msg":"handled request","request":{"remote_ip":`;
    const known = proto === undefined ? "" : `,"proto":"${proto}"`;
    const requestHeaders = this.#omits.requestHeaders
      ? ""
      : `,"headers":${this.#requestFields.text(record.requestHeaders)}`;
    // Bun tells nothing of the connection's TLS (1.4.5); that there was some is told by its being here.
    const tls = record.secure ? ',"tls":{}}' : "}";
    const responseHeaders = this.#omits.responseHeaders
      ? ""
      : `,"resp_headers":${this.#responseFields.text(record.responseHeaders)}`;
    const way = route === undefined ? "" : `,"route":${jsonString(route)}`;
    const peer = upstream === undefined ? "" : `,"upstream":${jsonString(upstream)}`;
    const latency = upstreamLatencyMs === undefined ? "" : `,"upstream_latency":${seconds(upstreamLatencyMs)}`;
    const read = bytesRead === undefined ? "" : `,"bytes_read":${bytesRead}`;
    const user = userId === "" ? '""' : jsonString(userId);
    return `${head}${jsonString(record.remoteAddress)},"remote_port":"${record.remotePort}","client_ip":${jsonString(record.clientAddress)}${known},"method":${jsonBytes(record.method)},"host":${jsonBytes(record.host)},"uri":${jsonBytes(this.#redaction.target(record.uri))}${requestHeaders}${tls}${read},"user_id":${user},"duration":${seconds(record.durationMs)},"size":${record.size},"status":${record.status}${responseHeaders}${way}${peer}${latency}${rare(record)}}\n`;
  }

  dropped(count: number, atMs: number): string {
    const msg = "lines were dropped: the output was too slow";
    return `${JSON.stringify({ level: "warn", ts: atMs / 1000, logger: LOGGER, msg, dropped: count })}\n`;
  }
}

/** What nearly no line has. */
function rare({ connectMs, retries, requestId, traceId, spanId, error, webSocket }: AccessRecord): string {
  let text = connectMs === undefined ? "" : `,"upstream_connect":${seconds(connectMs)}`;
  if (retries > 0) text += `,"retries":${retries}`;
  if (requestId !== undefined) text += `,"request_id":${jsonBytes(requestId)}`;
  // As Caddy calls them.
  if (traceId !== undefined) text += `,"traceID":"${traceId}","spanID":"${spanId ?? ""}"`;
  if (error !== undefined) text += `,"error":${jsonString(error)}`;
  return webSocket === undefined ? text : `${text},"websocket":${webSocketJson(webSocket)}`;
}

function webSocketJson({ closedBy, code, reason, clientCode, upstreamCode, traffic }: WebSocketRecord): string {
  const { messagesReceived, messagesSent, bytesReceived, bytesSent } = traffic;
  let json = `{"messages_received":${messagesReceived},"messages_sent":${messagesSent},"bytes_received":${bytesReceived},"bytes_sent":${bytesSent},"closed_by":"${closedBy}","close_code":${code}`;
  if (reason !== "") json += `,"close_reason":${jsonString(reason)}`;
  if (clientCode !== undefined) json += `,"client_close_code":${clientCode}`;
  if (upstreamCode !== undefined) json += `,"upstream_close_code":${upstreamCode}`;
  return `${json}}`;
}

/** To the microsecond. */
function seconds(ms: number): number {
  return Math.round(ms * 1000) / 1e6;
}
