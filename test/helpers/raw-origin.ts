import { RawConnection, SOCKET_HANDLER } from "./raw.ts";
import { type RawHead, readBody, requestFraming } from "./raw-head.ts";

export { refusingPort } from "./refusing-port.ts";

/** One request as the origin got it. */
export class Exchange {
  readonly connection: RawConnection;
  readonly head: RawHead;
  #body: Promise<Buffer> | undefined = undefined;

  constructor(connection: RawConnection, head: RawHead) {
    this.connection = connection;
    this.head = head;
  }

  /** `GET` of `GET /x HTTP/1.1`. */
  get method(): string {
    return this.head.start.slice(0, this.head.start.indexOf(" "));
  }

  /** `/x` of `GET /x HTTP/1.1`, each byte one character. */
  get target(): string {
    return this.head.start.slice(this.head.start.indexOf(" ") + 1, this.head.start.lastIndexOf(" "));
  }

  /** The whole body, chunks put together. To see pieces as they come, read from `connection` instead. */
  body(): Promise<Buffer> {
    return (this.#body ??= readBody(this.connection, this.head, requestFraming(this.head)));
  }

  /** Waits for the whole body, then sends the bytes of an answer. */
  async reply(answer: string | Uint8Array): Promise<void> {
    await this.body();
    this.connection.send(answer);
  }
}

/** What an origin does with each request: the bytes of its answer to every one, or a function. */
export type Script = string | Uint8Array | ((exchange: Exchange) => unknown);

export interface RawOriginOptions {
  /** PEM texts; with them it speaks TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Path of a unix socket to listen on, instead of a port of 127.0.0.1. */
  readonly unix?: string;
}

/**
 * An origin that sends the bytes it is told to and keeps what it got. The script is called when the head of a
 * request is there, with its body perhaps still to come; a script that is bytes waits for the whole request.
 * After the script the rest of the body is read and the connection is kept, unless the script ended it.
 */
export class RawOrigin implements AsyncDisposable {
  readonly connections: RawConnection[] = [];
  /** Every request so far, in the order of their heads. */
  readonly exchanges: Exchange[] = [];
  /** What went wrong in scripts; disposal throws the first, so that a test cannot miss it. */
  readonly #errors: unknown[] = [];
  readonly #listener: Bun.SocketListener<RawConnection>;
  #wake: (() => void)[] = [];

  private constructor(script: Script, options: RawOriginOptions) {
    const accept = (socket: Bun.Socket<RawConnection>) => {
      const connection = new RawConnection();
      socket.data = connection;
      connection.attach(socket);
      this.connections.push(connection);
      this.#notify();
      void this.#serve(connection, script);
    };
    const handlers = { ...SOCKET_HANDLER, open: accept };
    const where = options.unix === undefined ? { hostname: "127.0.0.1", port: 0 } : { unix: options.unix };
    const tls = options.tls === undefined ? {} : { tls: options.tls };
    this.#listener = Bun.listen({ ...where, ...tls, allowHalfOpen: true, socket: handlers } as never);
  }

  static start(script: Script, options: RawOriginOptions = {}): RawOrigin {
    return new RawOrigin(script, options);
  }

  get port(): number {
    return (this.#listener as Bun.TCPSocketListener<RawConnection>).port;
  }

  /** Waits for the request of that number, counted from 1. */
  async exchange(number = 1): Promise<Exchange> {
    await this.until(() => this.exchanges.length >= number, `request ${number} at the origin`);
    return this.exchanges[number - 1] as Exchange;
  }

  /** Waits for a condition, which is asked again after each connection and each request. */
  async until(condition: () => boolean, what: string, deadlineMs = 5_000): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      resolve();
    }, deadlineMs);
    while (!condition() && !isLate) {
      await Promise.race([new Promise<void>((wake) => this.#wake.push(wake)), late]);
    }
    clearTimeout(timer);
    if (!condition()) throw new Error(`waited ${deadlineMs} ms for ${what}`);
  }

  async #serve(connection: RawConnection, script: Script): Promise<void> {
    try {
      for (;;) {
        await connection.until(() => connection.unread.length > 0 || connection.ending !== undefined, "", 600_000);
        if (connection.ending !== undefined && connection.unread.length === 0) return;
        const exchange = new Exchange(connection, await connection.head());
        this.exchanges.push(exchange);
        this.#notify();
        if (typeof script === "function") await script(exchange);
        else await exchange.reply(script);
        await exchange.body();
      }
    } catch (error) {
      // A proxy that goes away is a test's own affair; all else is a fault of the script or of the proxy.
      if (connection.ending === undefined) this.#errors.push(error);
    }
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const resolve of wake) resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.stop(true);
    for (const connection of this.connections) {
      connection.onEnd("fin");
      connection[Symbol.dispose]();
    }
    if (this.#errors.length > 0) throw this.#errors[0];
  }
}
