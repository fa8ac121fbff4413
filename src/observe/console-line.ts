import { type AccessRecord, levelOf } from "./access-record.ts";
import { shown, textOf } from "./escape.ts";
import type { LineFormat } from "./line-format.ts";
import type { Redaction } from "./redaction.ts";

/** For people: what, how it went, where. */
export class ConsoleFormat implements LineFormat {
  readonly #redaction: Redaction;

  constructor(redaction: Redaction) {
    this.#redaction = redaction;
  }

  line(record: AccessRecord): string {
    const { status, size, durationMs, upstream, error, userId, retries, requestId, webSocket } = record;
    const level = levelOf(record).toUpperCase().padEnd(5);
    const request = `${record.method} ${textOf(record.host)}${textOf(this.#redaction.target(record.uri))}`;
    let line = `${timeOf(record.endMs)} ${level} ${record.clientAddress} ${request} ${status} ${size}B ${round(durationMs)}ms`;
    if (userId !== "") line += ` user=${userId}`;
    if (upstream !== undefined) line += ` upstream=${upstream}`;
    if (retries > 0) line += ` retries=${retries}`;
    if (webSocket !== undefined) {
      const { traffic, closedBy, code } = webSocket;
      line += ` websocket=${traffic.messagesReceived}/${traffic.messagesSent} closed=${code} by=${closedBy}`;
    }
    if (requestId !== undefined) line += ` id=${requestId}`;
    if (error !== undefined) line += ` error=${error}`;
    return `${shown(line)}\n`;
  }

  dropped(count: number, atMs: number): string {
    return `${timeOf(atMs)} WARN  ${count} lines were dropped: the output was too slow\n`;
  }
}

function timeOf(ms: number): string {
  return `${new Date(ms).toISOString().replace("T", " ").slice(0, 19)}Z`;
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
