import { createHash } from "node:crypto";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import { valueOf } from "../../helpers/raw-head.ts";
import { type Exchange, RawOrigin } from "../../helpers/raw-origin.ts";
import { closePayload, frame, Op } from "../../helpers/ws-raw.ts";

/** What a request asks the origin to answer, as JSON in its X-Answer field. */
export interface Wanted {
  readonly status?: number;
  /** Header lines as they shall stand; without them there is a Content-Type: text/plain. */
  readonly fields?: readonly string[];
  readonly body?: string;
  /** The body so many times. */
  readonly times?: number;
  readonly encode?: "gzip" | "br" | "zstd";
  /** A chunked body; each piece is held back until the client has seen the one before. */
  readonly pieces?: readonly string[];
  /** A body that the end of the connection ends. */
  readonly close?: boolean;
}

/** A request as the origin got it. */
export interface Received {
  readonly method: string;
  readonly target: string;
  /** In order and spelling. */
  readonly fields: readonly (readonly [string, string])[];
  /** Undefined when it broke off. */
  readonly body: Promise<string | undefined>;
}

const ENCODE = { gzip: gzipSync, br: brotliCompressSync, zstd: zstdCompressSync } as const;

export interface RecordingOriginOptions {
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** Resolves when the client that asks has got these bytes. */
  readonly seenByClient: (bytes: string) => Promise<void>;
}

/** An origin that writes down what it gets and answers what the request asks for. */
export class RecordingOrigin implements AsyncDisposable {
  readonly #received: Received[] = [];
  readonly #origin: RawOrigin;
  readonly #seenByClient: RecordingOriginOptions["seenByClient"];

  constructor({ tls, seenByClient }: RecordingOriginOptions) {
    this.#seenByClient = seenByClient;
    const script = (exchange: Exchange) => this.#serve(exchange);
    this.#origin = RawOrigin.start(script, tls === undefined ? {} : { tls });
  }

  get port(): number {
    return this.#origin.port;
  }

  /** What it got so far for one request of a client, named by the field Ask. */
  receivedFor(ask: string): readonly Received[] {
    return this.#received.filter(({ fields }) =>
      fields.some(([name, value]) => name.toLowerCase() === "ask" && value === ask),
    );
  }

  async #serve(exchange: Exchange): Promise<void> {
    const body = exchange.body().then(
      (bytes) => bytes.toString("latin1"),
      () => undefined,
    );
    const { method, target, head } = exchange;
    this.#received.push({ method, target, fields: head.fields, body });
    if ((await body) === undefined) return;
    const wanted = wantedOf(exchange);
    const isUpgrade = valueOf(head, "upgrade")?.toLowerCase() === "websocket";
    if (isUpgrade && wanted.status === undefined) await acceptWebSocket(exchange, wanted);
    else await this.#answer(exchange, wanted);
  }

  async #answer({ connection, method }: Exchange, wanted: Wanted): Promise<void> {
    const { status = 200, fields = ["Content-Type: text/plain"], pieces } = wanted;
    const head = [`HTTP/1.1 ${status} As Asked`, ...fields];
    const isBodiless = method === "HEAD" || status === 204 || status === 304;
    if (pieces !== undefined) {
      connection.send(`${[...head, "Transfer-Encoding: chunked"].join("\r\n")}\r\n\r\n`);
      for (const piece of pieces) {
        connection.send(`${piece.length.toString(16)}\r\n${piece}\r\n`);
        await this.#seenByClient(piece);
      }
      connection.send("0\r\n\r\n");
      return;
    }
    const plain = Buffer.from((wanted.body ?? "from the origin").repeat(wanted.times ?? 1), "latin1");
    const bytes = wanted.encode === undefined ? plain : ENCODE[wanted.encode](plain);
    if (wanted.close !== true && status !== 204 && status !== 304) head.push(`Content-Length: ${bytes.length}`);
    connection.send(`${head.join("\r\n")}\r\n\r\n`);
    if (!isBodiless) connection.send(bytes);
    if (wanted.close === true) connection.end();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#origin[Symbol.asyncDispose]();
  }
}

function wantedOf({ head }: Exchange): Wanted {
  const text = valueOf(head, "x-answer");
  return text === undefined ? {} : (JSON.parse(text) as Wanted);
}

/** Accepts, says welcome, sends the first message back, and closes. */
async function acceptWebSocket({ connection, head }: Exchange, wanted: Wanted): Promise<void> {
  const key = valueOf(head, "sec-websocket-key") ?? "";
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  const lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
  const all = [...lines, `Sec-WebSocket-Accept: ${accept}`, ...(wanted.fields ?? [])];
  connection.send(`${all.join("\r\n")}\r\n\r\n`);
  connection.send(frame(Op.text, "welcome"));
  const [, second = 0] = await connection.take(2);
  const mask = await connection.take(4);
  const payload = await connection.take(second & 127);
  connection.send(
    frame(
      Op.text,
      payload.map((byte, at) => byte ^ (mask[at & 3] ?? 0)),
    ),
  );
  connection.send(frame(Op.close, closePayload(4000, "done")));
  await connection.until(() => connection.unread.length > 0 || connection.ending !== undefined, "the close frame");
  connection.end();
}
