import { RawConnection, SOCKET_HANDLER } from "../../helpers/raw.ts";
import type { Certificate } from "../../helpers/certificates.ts";

/** What an origin does with one connection, the `number`th of its case, counted from 1. What it throws is ignored: its peer may have gone. */
export type Serve = (connection: RawConnection, number: number) => unknown;

export interface FaultyOriginOptions {
  readonly tls?: Certificate;
}

/** An origin that does with each connection what a case says, from the moment it is accepted. */
export class FaultyOrigin implements Disposable {
  readonly connections: RawConnection[] = [];
  readonly #listener: Bun.TCPSocketListener<RawConnection>;

  constructor(serve: Serve, { tls }: FaultyOriginOptions = {}) {
    const open = (socket: Bun.Socket<RawConnection>): void => {
      const connection = new RawConnection();
      socket.data = connection;
      connection.attach(socket);
      this.connections.push(connection);
      void Promise.try(serve, connection, this.connections.length).catch(() => {});
    };
    this.#listener = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      allowHalfOpen: true,
      ...(tls !== undefined && { tls }),
      socket: { ...SOCKET_HANDLER, open },
    } as never) as Bun.TCPSocketListener<RawConnection>;
  }

  get port(): number {
    return this.#listener.port;
  }

  /** Connections that the proxy has not ended. */
  get open(): number {
    return this.connections.filter(({ ending }) => ending === undefined).length;
  }

  [Symbol.dispose](): void {
    this.#listener.stop(true);
    for (const connection of this.connections) connection[Symbol.dispose]();
  }
}
