/** Origins on several addresses of loopback and one port, each of which says its address. */
export class Hosts implements AsyncDisposable {
  readonly port: number;
  /** Addresses that were asked for `/health`, in order. */
  readonly checked: string[] = [];
  readonly #servers: Bun.Server<undefined>[];

  constructor(addresses: readonly string[], tls: object = {}) {
    const serve = (hostname: string, port: number): Bun.Server<undefined> =>
      Bun.serve({
        hostname,
        port,
        ...tls,
        fetch: (request, server) => {
          if (request.url.endsWith("/health")) this.checked.push(hostname);
          return server.upgrade(request) ? undefined : new Response(`${hostname} ${request.headers.get("host")}`);
        },
        websocket: { message: (socket, message) => void socket.send(message) },
      } as Bun.Serve.Options<undefined>);
    const [first = "", ...others] = addresses;
    const server = serve(first, 0);
    this.port = Number(server.port);
    this.#servers = [server, ...others.map((each) => serve(each, this.port))];
  }

  /** Ends one of them. */
  async end(address: string): Promise<void> {
    await this.#servers.find(({ hostname }) => hostname === address)?.stop(true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.stop(true)));
  }
}
