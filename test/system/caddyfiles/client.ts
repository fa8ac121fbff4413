import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { type Ending, RawConnection, SOCKET_HANDLER } from "../../helpers/raw.ts";
import { type RawHead, readBody, responseFraming, valuesOf } from "../../helpers/raw-head.ts";
import { frame, Op } from "../../helpers/ws-raw.ts";
import type { Wire } from "./wire.ts";

/** What came back for a request. */
export type Answer =
  | { readonly kind: "none"; readonly why: string; readonly certificate: string }
  | {
      readonly kind: "answer";
      readonly head: RawHead;
      /** Decoded where it came compressed, which is what a person gets; what broke off says so. */
      readonly body: string;
      /** Subject names of the certificate that was shown; "" without TLS. */
      readonly certificate: string;
    };

const DECODE: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: (bytes) => gunzipSync(bytes),
  br: (bytes) => brotliDecompressSync(bytes),
  zstd: (bytes) => zstdDecompressSync(bytes),
};

/** A connection for one request, which keeps all it saw. */
export class Client extends RawConnection {
  #seen = "";
  #certificate = "";
  /** Its own port, which placeholders can show. */
  localPort = 0;

  static async connect(port: number, tls: string | undefined): Promise<Client> {
    const client = new Client();
    const ready = Promise.withResolvers<void>();
    const isTls = tls !== undefined;
    const handlers = {
      ...SOCKET_HANDLER,
      open(socket: Bun.Socket<RawConnection>) {
        client.localPort = socket.localPort;
        if (!isTls) ready.resolve();
      },
      // Its second argument is false for a name that does not fit, too.
      handshake(socket: Bun.Socket<RawConnection>) {
        client.#certificate = socket.getPeerCertificate()?.subjectaltname ?? "";
        ready.resolve();
      },
      close(socket: Bun.Socket<RawConnection | undefined>, error?: Error) {
        SOCKET_HANDLER.close(socket, error);
        ready.resolve();
      },
    };
    const options = isTls ? { tls: { rejectUnauthorized: false, ...(tls === "" ? {} : { serverName: tls }) } } : {};
    const wanted = { hostname: "127.0.0.1", port, ...options, data: client, socket: handlers };
    client.attach(await Bun.connect<RawConnection>(wanted as never));
    await ready.promise;
    return client;
  }

  override onData(bytes: Buffer): void {
    this.#seen += bytes.toString("latin1");
    super.onData(bytes);
  }

  /** Waits until it got these bytes, at any time. */
  sees(bytes: string): Promise<void> {
    return this.until(() => this.#seen.includes(bytes), JSON.stringify(bytes));
  }

  async ask(wire: Wire): Promise<Answer> {
    this.send(wire.bytes);
    const head = await this.#finalHead();
    const certificate = this.#certificate;
    if (typeof head === "string") return { kind: "none", why: head, certificate };
    const isAccepted = head.start.startsWith("HTTP/1.1 101");
    const body = isAccepted ? await this.#webSocket(wire) : await this.#body(head, wire.method);
    return { kind: "answer", head, body, certificate };
  }

  /** The head that is not an interim one, or how the connection ended without one. */
  async #finalHead(): Promise<RawHead | Ending> {
    for (;;) {
      await this.until(() => this.unread.includes("\r\n\r\n") || this.ending !== undefined, "an answer");
      if (!this.unread.includes("\r\n\r\n")) return this.ending as Ending;
      const head = await this.head();
      if (!/^HTTP\/1\.. 1(?!01)/.test(head.start)) return head;
    }
  }

  async #body(head: RawHead, method: string): Promise<string> {
    const framing = responseFraming(head, method);
    const bytes = await readBody(this, head, framing).catch((error: unknown) => `broke off: ${error}`);
    if (typeof bytes === "string") return bytes;
    const decode = DECODE[valuesOf(head, "content-encoding").join()];
    if (decode === undefined || bytes.length === 0) return bytes.toString("latin1");
    try {
      return decode(bytes).toString("latin1");
    } catch (error) {
      return `does not decode: ${error}`;
    }
  }

  /** Sends one message and reads what comes up to the close frame, whose code and reason are the last line. */
  async #webSocket(wire: Wire): Promise<string> {
    if (!wire.isWebSocket) return "";
    this.send(frame(Op.text, "hello", { masked: true }));
    const lines: string[] = [];
    for (;;) {
      const [first = 0, size = 0] = await this.take(2);
      const payload = await this.take(size);
      if ((first & 15) !== Op.close) {
        lines.push(`${first & 15} ${payload.toString("latin1")}`);
        continue;
      }
      lines.push(`closed ${payload.readUInt16BE()} ${payload.toString("latin1", 2)}`);
      this.send(frame(Op.close, payload, { masked: true }));
      return lines.join("\n");
    }
  }
}
