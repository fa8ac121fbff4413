import { type AccessRecord, levelOf, type WebSocketRecord } from "./access-record.ts";
import { jsonBytes, jsonString } from "./escape.ts";
import type { LineFormat } from "./line-format.ts";
import { REDACTED, type Redaction } from "./redaction.ts";

/** Which of the large parts of a line are left out. */
export interface JsonOmissions {
  readonly requestHeaders: boolean;
  readonly responseHeaders: boolean;
}

const LOGGER = "http.log.access";
/** A field's value up to this long is remembered, with what is written for it, and so many names. */
const REMEMBERED_CHARS = 512;
const MOST_REMEMBERED = 200;

/**
 * Caddy's shape, with fields of ours behind it. It is put together as text: of what stands in a line most is the same as
 * in the line before, above all the fields of requests and answers.
 */
export class JsonFormat implements LineFormat {
  readonly #redaction: Redaction;
  readonly #omits: JsonOmissions;
  readonly #known = new Map<string, { readonly value: string; readonly json: string }>();
  readonly #redacted: ReadonlyMap<string, string>;
  /** While the fields of one message are written. */
  #fields = "";
  #cookies: string[] | undefined = undefined;

  constructor(redaction: Redaction, omits: JsonOmissions) {
    this.#redaction = redaction;
    this.#omits = omits;
    this.#redacted = new Map(
      [...redaction.headers].map((name) => [name, `${jsonBytes(canonical(name))}:["${REDACTED}"]`]),
    );
  }

  line(record: AccessRecord): string {
    const { requestId, error, userId, retries, webSocket, proto } = record;
    let line = `{"level":"${levelOf(record)}","ts":${record.endMs / 1000},"logger":"${LOGGER}","msg":"handled request","request":{"remote_ip":${jsonString(record.remoteAddress)},"remote_port":"${record.remotePort}","client_ip":${jsonString(record.clientAddress)}`;
    if (proto !== undefined) line += `,"proto":"${proto}"`;
    line += `,"method":${jsonBytes(record.method)},"host":${jsonBytes(record.host)},"uri":${jsonBytes(this.#redaction.target(record.uri))}`;
    if (!this.#omits.requestHeaders) line += `,"headers":${this.#headers(record.requestHeaders)}`;
    // Bun tells nothing of the connection's TLS (1.4.5); that there was some is told by its being here.
    line += record.secure ? ',"tls":{}}' : "}";
    if (record.bytesRead !== undefined) line += `,"bytes_read":${record.bytesRead}`;
    line += `,"user_id":${userId === "" ? '""' : jsonString(userId)},"duration":${seconds(record.durationMs)},"size":${record.size},"status":${record.status}`;
    if (!this.#omits.responseHeaders) line += `,"resp_headers":${this.#headers(record.responseHeaders)}`;
    if (record.route !== undefined) line += `,"route":${jsonString(record.route)}`;
    if (record.upstream !== undefined) line += `,"upstream":${jsonString(record.upstream)}`;
    if (record.connectMs !== undefined) line += `,"upstream_connect":${seconds(record.connectMs)}`;
    if (record.upstreamLatencyMs !== undefined) line += `,"upstream_latency":${seconds(record.upstreamLatencyMs)}`;
    if (retries > 0) line += `,"retries":${retries}`;
    if (requestId !== undefined) line += `,"request_id":${jsonBytes(requestId)}`;
    // As Caddy calls them.
    if (record.traceId !== undefined) line += `,"traceID":"${record.traceId}","spanID":"${record.spanId ?? ""}"`;
    if (error !== undefined) line += `,"error":${jsonString(error)}`;
    if (webSocket !== undefined) line += `,"websocket":${webSocketJson(webSocket)}`;
    return `${line}}\n`;
  }

  dropped(count: number, atMs: number): string {
    const msg = "lines were dropped: the output was too slow";
    return `${JSON.stringify({ level: "warn", ts: atMs / 1000, logger: LOGGER, msg, dropped: count })}\n`;
  }

  /** Every field with its values, under the names that Go, and so Caddy, writes. */
  #headers(headers: Headers): string {
    headers.forEach(this.#field);
    let fields = this.#fields;
    this.#fields = "";
    const cookies = this.#cookies;
    if (cookies !== undefined) {
      this.#cookies = undefined;
      fields += `${fields === "" ? "" : ","}"Set-Cookie":[${cookies.join(",")}]`;
    }
    return `{${fields}}`;
  }

  // Made once, so that a message makes no closure.
  readonly #field = (value: string, name: string): void => {
    const redacted = this.#redacted.get(name);
    if (name === "set-cookie") {
      // The one field that comes once for each of its lines.
      if (redacted !== undefined) this.#cookies = [`"${REDACTED}"`];
      else (this.#cookies ??= []).push(jsonBytes(value));
      return;
    }
    const json = redacted ?? this.#json(name, value);
    this.#fields += this.#fields === "" ? json : `,${json}`;
  };

  #json(name: string, value: string): string {
    const known = this.#known.get(name);
    if (known !== undefined && known.value === value) return known.json;
    const shown = this.#redaction.value(name, value);
    const json = `${FREQUENT.get(name) ?? jsonBytes(canonical(name))}:[${jsonBytes(shown)}]`;
    if (value.length <= REMEMBERED_CHARS && (known !== undefined || this.#known.size < MOST_REMEMBERED)) {
      this.#known.set(name, { value, json });
    }
    return json;
  }
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

/** `user-agent` as `User-Agent`. */
function canonical(name: string): string {
  return name.replace(/(?:^|-)[a-z]/g, (start) => start.toUpperCase());
}

/** Made once: spelling them costs more than all the rest of a field. */
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
    .map((name) => [name, `"${canonical(name)}"`] as const),
);
