import { RawConnection, SOCKET_HANDLER } from "./raw.ts";
import { type Framing, type RawHead, readBody, responseFraming } from "./raw-head.ts";

/** An answer as the client got it. */
export interface RawAnswer {
  readonly status: number;
  readonly head: RawHead;
  readonly framing: Framing;
  /** Chunks put together. */
  readonly body: Buffer;
}

export interface RawClientOptions {
  readonly unix?: string;
  /** True speaks TLS and accepts any certificate. */
  readonly tls?: boolean;
}

/** A client that sends the bytes it is told to. */
export class RawClient extends RawConnection implements AsyncDisposable {
  /** Connects to a port of 127.0.0.1 (or to a unix socket). */
  static async connect(port: number, options: RawClientOptions = {}): Promise<RawClient> {
    const client = new RawClient();
    const where = options.unix === undefined ? { hostname: "127.0.0.1", port } : { unix: options.unix };
    const tls = options.tls === true ? { tls: { rejectUnauthorized: false } } : {};
    const handlers = { ...SOCKET_HANDLER, open() {} };
    const wanted = { ...where, ...tls, allowHalfOpen: true, data: client, socket: handlers };
    client.attach(await Bun.connect<RawConnection>(wanted as never));
    return client;
  }

  /** Reads the next answer whole. The method of its request decides whether it can have a body. */
  async answer(method = "GET"): Promise<RawAnswer> {
    const head = await this.head();
    const framing = responseFraming(head, method);
    const body = await readBody(this, head, framing);
    return { status: Number(head.start.slice(9, 12)), head, framing, body };
  }

  /** Sends a request and reads its answer. `fields` are lines without their ends. */
  async request(method: string, target: string, fields: readonly string[], body = ""): Promise<RawAnswer> {
    this.send(`${method} ${target} HTTP/1.1\r\n${fields.map((line) => `${line}\r\n`).join("")}\r\n${body}`);
    return this.answer(method);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]();
  }
}
