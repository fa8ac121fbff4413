import type { EncodeConfig } from "../../config/routes-model.ts";
import type { GatewaySession } from "../gateway-ctx.ts";
import { type Compression, compressStream, compressWhole, isQuick } from "./compression.ts";
import type { Handler } from "./handler.ts";

export type Encoding = EncodeConfig["formats"][number];

/** One compiled `encode`. */
export interface Encoder {
  /** What the client takes and prefers; undefined where that is none of ours. */
  preferredBy(requestHeaders: Headers): Encoding | undefined;
  /** How the answer is to be compressed; undefined leaves it as it is. */
  encodingFor(requestHeaders: Headers, status: number, answerHeaders: Headers, method: string): Encoding | undefined;
  /** Edits the fields of an answer that is going to be compressed. */
  edit(encoding: Encoding, headers: Headers): void;
  /** The compressed body. */
  transform(encoding: Encoding, body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array>;
  /** Whether a body of this length is compressed before others notice that they are kept waiting. */
  isQuick(encoding: Encoding, length: number): boolean;
  /** The same for a body in hand. */
  whole(encoding: Encoding, bytes: Uint8Array): Uint8Array<ArrayBuffer>;
}

export function compileEncode(config: EncodeConfig): Encoder {
  return new ConfiguredEncoder(config);
}

/** Answers from here on are compressed where that may be. */
export class EncodeHandler implements Handler {
  readonly #encoder: Encoder;

  constructor(config: EncodeConfig) {
    this.#encoder = compileEncode(config);
  }

  handle(session: GatewaySession): undefined {
    session.ctx.encoder = this.#encoder;
    const known = session.headers.get("if-none-match");
    if (known === null) return;
    const encoding = this.#encoder.preferredBy(session.headers);
    const suffix = `-${encoding ?? ""}"`;
    // The origin does not know the ending that `edit` gave its tag.
    if (encoding !== undefined && known.endsWith(suffix) && !known.startsWith("W/")) {
      session.editHeaders().set("if-none-match", `${known.slice(0, -suffix.length)}"`);
    }
  }
}

/** Caddy 2.6's list. */
const TEXTS: readonly string[] = [
  "text/*",
  "application/json*",
  "application/javascript*",
  "application/xhtml+xml*",
  "application/atom+xml*",
  "application/rss+xml*",
  "image/svg+xml*",
];

class ConfiguredEncoder implements Encoder {
  readonly #formats: readonly Encoding[];
  readonly #minimumBytes: number;
  readonly #compression: Compression;
  readonly #isText: (type: string) => boolean;
  /** What was found for an Accept-Encoding: clients send a handful of different ones. */
  readonly #preferred = new Map<string, Encoding | undefined>();

  constructor({ formats, minimumBytes, gzipLevel, contentTypes }: EncodeConfig) {
    this.#formats = formats;
    this.#minimumBytes = minimumBytes;
    this.#compression = { gzipLevel };
    this.#isText = compileTypes(contentTypes ?? TEXTS);
  }

  preferredBy(requestHeaders: Headers): Encoding | undefined {
    const accepted = requestHeaders.get("accept-encoding");
    if (accepted === null) return undefined;
    if (this.#preferred.has(accepted)) return this.#preferred.get(accepted);
    const encoding = preferred(accepted, this.#formats);
    // The field is the client's: what it may make us remember is bounded.
    if (this.#preferred.size < MOST_REMEMBERED && accepted.length < 100) this.#preferred.set(accepted, encoding);
    return encoding;
  }

  encodingFor(requestHeaders: Headers, status: number, answerHeaders: Headers, _method: string): Encoding | undefined {
    const encoding = this.preferredBy(requestHeaders);
    if (encoding === undefined || requestHeaders.has("sec-websocket-key")) return undefined;
    // A part of a compressed text is no part of the text (RFC 9110 14.4); the others have no body.
    if (status < 200 || status === 204 || status === 205 || status === 206 || status === 304) return undefined;
    if (answerHeaders.has("content-encoding") || answerHeaders.has("content-range")) return undefined;
    const length = answerHeaders.get("content-length");
    // As in Caddy, that very length is too short as well.
    if (length !== null && Number(length) <= this.#minimumBytes) return undefined;
    if (forbidsTransform(requestHeaders) || forbidsTransform(answerHeaders)) return undefined;
    const type = answerHeaders.get("content-type")?.toLowerCase() ?? "";
    return !type.startsWith("text/event-stream") && this.#isText(type) ? encoding : undefined;
  }

  edit(encoding: Encoding, headers: Headers): void {
    headers.delete("content-length");
    headers.delete("accept-ranges");
    headers.set("content-encoding", encoding);
    const vary = headers.get("vary");
    if (vary === null) headers.set("vary", "Accept-Encoding");
    else if (!/(?:^|,)\s*(?:\*|accept-encoding)\s*(?:,|$)/i.test(vary)) headers.set("vary", `${vary}, Accept-Encoding`);
    // A strong tag is of the bytes that are sent (RFC 9110 8.8.3.3): Caddy's way since 2.8, 2.6 leaves it as it is.
    const tag = headers.get("etag");
    if (tag !== null && tag.startsWith('"') && tag.endsWith('"')) {
      headers.set("etag", `${tag.slice(0, -1)}-${encoding}"`);
    }
  }

  transform(encoding: Encoding, body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    return compressStream(encoding, this.#compression, body);
  }

  isQuick(encoding: Encoding, length: number): boolean {
    return isQuick(encoding, this.#compression, length);
  }

  whole(encoding: Encoding, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    return compressWhole(encoding, this.#compression, bytes);
  }
}

const MOST_REMEMBERED = 100;

function forbidsTransform(headers: Headers): boolean {
  return headers.get("cache-control")?.toLowerCase().includes("no-transform") === true;
}

/** Types by prefix, or as they are; a type with parameters is matched by `*` alone (Caddy). */
function compileTypes(types: readonly string[]): (type: string) => boolean {
  const prefixes = types.filter((type) => type.endsWith("*")).map((type) => type.slice(0, -1).toLowerCase());
  const whole = new Set(types.filter((type) => !type.endsWith("*")).map((type) => type.toLowerCase()));
  return (type) => whole.has(type) || prefixes.some((prefix) => type.startsWith(prefix));
}

/** The highest q wins, then our order; q=0 is none of it, and `*` stands for nothing (Caddy). */
function preferred(accepted: string, formats: readonly Encoding[]): Encoding | undefined {
  let best: Encoding | undefined;
  let bestQuality = 0;
  const qualities = new Map<string, number>();
  for (const element of accepted.split(",")) {
    const [name = "", parameter = ""] = element.split(";");
    qualities.set(name.trim().toLowerCase(), quality(parameter.trim().toLowerCase()));
  }
  for (const format of formats) {
    const q = qualities.get(format) ?? 0;
    if (q > bestQuality) [best, bestQuality] = [format, q];
  }
  return best;
}

/** What cannot be read counts as 1 (Caddy). */
function quality(parameter: string): number {
  if (!/^q=\d*\.?\d+$/.test(parameter)) return 1;
  const q = Number(parameter.slice(2));
  return q <= 1 ? q : 1;
}
