import { isUtf8 } from "node:buffer";

/** What is told of one request, when it is over. */
export interface AccessRecord {
  /** When it ended, milliseconds since 1970. */
  readonly endMs: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly clientAddress: string;
  /** `HTTP/1.1`, `HTTP/2.0`; undefined where it is not known. */
  readonly proto: string | undefined;
  readonly method: string;
  readonly host: string;
  /** As the client sent it. */
  readonly uri: string;
  readonly requestHeaders: Headers;
  readonly secure: boolean;
  readonly userId: string;
  readonly durationMs: number;
  /** Bytes of the answer's body. */
  readonly size: number;
  /** Bytes of the request's body; undefined where it is not known. */
  readonly bytesRead: number | undefined;
  readonly status: number;
  readonly responseHeaders: Headers;
  /** The names of the routes that lead to where it was forwarded. */
  readonly route: string | undefined;
  /** The peer that answered, or was asked last. */
  readonly upstream: string | undefined;
  /** What it took to connect to it; undefined where it was connected, and where it is not known. */
  readonly connectMs: number | undefined;
  /** From asking it to the head of its answer. */
  readonly upstreamLatencyMs: number | undefined;
  readonly retries: number;
  readonly requestId: string | undefined;
  /** Reason and detail of a failure. */
  readonly error: string | undefined;
  /** Of a WebSocket that is over. */
  readonly webSocket: WebSocketRecord | undefined;
}

/** How a WebSocket ended, and what went over it. Received is what came from the client. */
export interface WebSocketRecord {
  readonly closedBy: "client" | "upstream" | "gatekeeper";
  /** What ended it; 1005 is an end without a code, 1006 one without a close frame (RFC 6455 7.4.1). */
  readonly code: number;
  readonly reason: string;
  /** What each side said itself, where it did. */
  readonly clientCode: number | undefined;
  readonly upstreamCode: number | undefined;
  readonly traffic: {
    readonly messagesReceived: number;
    readonly bytesReceived: number;
    readonly messagesSent: number;
    readonly bytesSent: number;
  };
}

/** `json` is Caddy's shape with fields of ours behind it, `console` is for people. */
export type AccessLogFormat = "json" | "console";

/** One line, with its end. Whatever a request holds, it stays one line and harmless on a terminal. */
export function accessLine(record: AccessRecord, format: AccessLogFormat): string {
  return format === "json" ? jsonLine(record) : consoleLine(record);
}

/** The line that stands in the place of those that were lost. */
export function droppedLine(count: number, atMs: number, format: AccessLogFormat): string {
  if (format === "console") return `${timeOf(atMs)} WARN  ${count} lines were dropped: the output was too slow\n`;
  const msg = "lines were dropped: the output was too slow";
  return `${JSON.stringify({ level: "warn", ts: atMs / 1000, logger: LOGGER, msg, dropped: count })}\n`;
}

const LOGGER = "http.log.access";

function jsonLine(record: AccessRecord): string {
  const line = {
    level: levelOf(record),
    ts: record.endMs / 1000,
    logger: LOGGER,
    msg: "handled request",
    request: {
      remote_ip: record.remoteAddress,
      remote_port: String(record.remotePort),
      client_ip: record.clientAddress,
      proto: record.proto,
      method: record.method,
      host: text(record.host),
      uri: text(record.uri),
      headers: fieldsOf(record.requestHeaders),
      // Bun tells nothing of the connection's TLS (1.4.5); that there was some is told by its being here.
      tls: record.secure ? {} : undefined,
    },
    bytes_read: record.bytesRead,
    user_id: record.userId,
    duration: record.durationMs / 1000,
    size: record.size,
    status: record.status,
    resp_headers: fieldsOf(record.responseHeaders),
    route: record.route,
    upstream: record.upstream,
    upstream_connect: record.connectMs === undefined ? undefined : record.connectMs / 1000,
    upstream_latency: record.upstreamLatencyMs === undefined ? undefined : record.upstreamLatencyMs / 1000,
    retries: record.retries > 0 ? record.retries : undefined,
    request_id: record.requestId,
    error: record.error,
    websocket: record.webSocket === undefined ? undefined : webSocketFields(record.webSocket),
  };
  return `${escapeControls(JSON.stringify(line), jsonEscape)}\n`;
}

function webSocketFields({ closedBy, code, reason, clientCode, upstreamCode, traffic }: WebSocketRecord): object {
  return {
    messages_received: traffic.messagesReceived,
    messages_sent: traffic.messagesSent,
    bytes_received: traffic.bytesReceived,
    bytes_sent: traffic.bytesSent,
    closed_by: closedBy,
    close_code: code,
    close_reason: reason === "" ? undefined : reason,
    client_close_code: clientCode,
    upstream_close_code: upstreamCode,
  };
}

function consoleLine(record: AccessRecord): string {
  const { status, size, durationMs, upstream, error, userId, retries } = record;
  const level = levelOf(record).toUpperCase().padEnd(5);
  const request = `${record.method} ${text(record.host)}${text(record.uri)}`;
  let line = `${timeOf(record.endMs)} ${level} ${record.clientAddress} ${request} ${status} ${size}B ${round(durationMs)}ms`;
  if (userId !== "") line += ` user=${userId}`;
  if (upstream !== undefined) line += ` upstream=${upstream}`;
  if (retries > 0) line += ` retries=${retries}`;
  if (error !== undefined) line += ` error=${error}`;
  return `${escapeControls(line, (char) => `\\x${hex(char, 2)}`)}\n`;
}

/** Caddy's: what went wrong on the server's side is an error. */
function levelOf({ status }: AccessRecord): "info" | "error" {
  return status >= 500 ? "error" : "info";
}

function timeOf(ms: number): string {
  return `${new Date(ms).toISOString().replace("T", " ").slice(0, 19)}Z`;
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}

const SECRET: ReadonlySet<string> = new Set(["authorization", "cookie", "proxy-authorization", "set-cookie"]);
/** Caddy's word for a value that is not shown. */
const REDACTED: readonly string[] = ["REDACTED"];

/** Every field with its values, under the names that Go, and so Caddy, writes. */
function fieldsOf(headers: Headers): Readonly<Record<string, readonly string[]>> {
  const fields: Record<string, readonly string[]> = {};
  for (const [name, value] of headers) {
    fields[FREQUENT.get(name) ?? canonical(name)] = SECRET.has(name) ? REDACTED : [text(value)];
  }
  return fields;
}

/** `user-agent` as `User-Agent`. */
function canonical(name: string): string {
  // What would be the object's prototype is a name like any other.
  if (name === "__proto__") return "__Proto__";
  return name.replace(/(?:^|-)[a-z]/g, (start) => start.toUpperCase());
}

/** Made once: spelling them costs more than all the rest of a line. */
const FREQUENT: ReadonlyMap<string, string> = new Map(
  (
    "accept accept-encoding accept-language accept-ranges access-control-allow-origin age authorization cache-control " +
    "connection content-encoding content-length content-type cookie date dnt etag expires host if-modified-since " +
    "if-none-match last-modified link location origin pragma priority proxy-status range referer sec-ch-ua " +
    "sec-ch-ua-mobile sec-ch-ua-platform sec-fetch-dest sec-fetch-mode sec-fetch-site sec-fetch-user sec-websocket-key " +
    "sec-websocket-version server set-cookie strict-transport-security transfer-encoding upgrade " +
    "upgrade-insecure-requests user-agent vary via x-content-type-options x-forwarded-for x-forwarded-host " +
    "x-forwarded-proto x-frame-options x-powered-by x-request-id x-requested-with"
  )
    .split(" ")
    .map((name) => [name, canonical(name)] as const),
);

/** Bytes, one char for each, as the UTF-8 that they may be. */
function text(bytes: string): string {
  // oxlint-disable-next-line no-control-regex -- all of ASCII
  if (/^[\u0000-\u007f]*$/.test(bytes)) return bytes;
  const buffer = Buffer.from(bytes, "latin1");
  return isUtf8(buffer) ? buffer.toString("utf8") : bytes;
}

/** What a terminal obeys, and what some readers take for the end of a line. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

function escapeControls(line: string, escape: (char: string) => string): string {
  return line.replace(CONTROL, escape);
}

function jsonEscape(char: string): string {
  return `\\u${hex(char, 4)}`;
}

function hex(char: string, digits: number): string {
  return char.charCodeAt(0).toString(16).padStart(digits, "0");
}
