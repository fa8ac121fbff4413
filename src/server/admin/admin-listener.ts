import { hostname } from "node:os";
import type { AdminConfig, ListenAddress } from "../../config/model.ts";
import type { Log } from "../../observe/log.ts";
import { removeStaleSocket, SocketFile } from "../unix-socket.ts";
import { AdminAccess } from "./access.ts";
import type { AdminHandlers } from "./admin-handlers.ts";
import { failed, guarded } from "./answers.ts";
import { type Endpoint, ENDPOINTS } from "./endpoints.ts";
import { readExchangeFilter } from "./events-query.ts";
import { EVENTS_TYPE, EventStream } from "./event-stream.ts";

const MOST_BODY_BYTES = 64 * 1024;
/** A connection without a request; an answer that takes longer is not cut. */
const IDLE_SECONDS = 60;
/** Readers of events at a time. */
const MOST_WATCHERS = 64;
/** What is being answered when it closes has so long. */
const FAREWELL_MS = 300;

/** What an admin listener stands before. */
export interface Behind {
  readonly handlers: AdminHandlers;
  readonly log: Log;
}

/** The listener for whoever runs the process. It belongs to the process that has the workers, and no traffic passes it. */
export class AdminListener {
  readonly #handlers: AdminHandlers;
  readonly #log: Log;
  readonly #address: ListenAddress;
  readonly #server: Bun.Server<undefined>;
  readonly #file: SocketFile | undefined;
  readonly #closing = new AbortController();
  #access: AdminAccess;
  #watchers = 0;

  /**
   * Listens; a socket that an ended process left there is removed.
   *
   * @throws Bun's error, or one with code EADDRINUSE, where it cannot be listened on
   */
  static async open(address: ListenAddress, config: AdminConfig, behind: Behind): Promise<AdminListener> {
    if (address.type === "unix") await removeStaleSocket(address.path);
    return new AdminListener(address, config, behind);
  }

  private constructor(address: ListenAddress, config: AdminConfig, { handlers, log }: Behind) {
    this.#address = address;
    this.#handlers = handlers;
    this.#log = log;
    this.#access = new AdminAccess(address, config, hostname());
    const options = {
      development: false,
      idleTimeout: IDLE_SECONDS,
      maxRequestBodySize: MOST_BODY_BYTES,
      fetch: (request: Request) => this.#answer(request),
    };
    if (address.type === "tcp") {
      // Alone: Bun would share the port with another process (1.4.5).
      this.#server = Bun.serve({ ...options, hostname: bindHost(address.host), port: address.port, reusePort: false });
      return;
    }
    this.#file = new SocketFile(address.path);
    const wanted = { ...options, unix: this.#file.temporary } as unknown as Bun.Serve.Options<undefined>;
    // Nobody else may open it, from its first moment on.
    const mask = process.umask(0o177);
    try {
      this.#server = Bun.serve(wanted);
    } finally {
      process.umask(mask);
    }
    try {
      this.#file.publish(false);
    } catch (error) {
      void this.#server.stop(true);
      throw error;
    }
  }

  /** For people: where it really listens. */
  get url(): string {
    const address = this.#address;
    if (address.type === "unix") return `unix/${address.path}`;
    const host = address.host.includes(":") ? `[${address.host}]` : address.host;
    return `http://${host}:${this.#server.port ?? address.port}`;
  }

  /** Goes by another token and other origins from now on. */
  adopt(config: AdminConfig): void {
    this.#access = new AdminAccess(this.#address, config, hostname());
  }

  /** Gives the address free at once; what is being answered is answered, but for streams of events, which end. */
  async close(): Promise<void> {
    this.#file?.[Symbol.dispose]();
    this.#closing.abort();
    const stopped = this.#server.stop(false);
    const late = setTimeout(() => void this.#server.stop(true), FAREWELL_MS);
    // Bun's promise may wait for a connection on which no whole request came (1.4.5).
    const { promise: isLate, resolve } = Promise.withResolvers<void>();
    const last = setTimeout(resolve, FAREWELL_MS + 100);
    await Promise.race([stopped, isLate]);
    clearTimeout(late);
    clearTimeout(last);
  }

  async #answer(request: Request): Promise<Response> {
    const { headers, method } = request;
    const { pathname } = URL.parse(request.url) ?? {};
    const endpoint = pathname !== undefined && Object.hasOwn(ENDPOINTS, pathname) ? ENDPOINTS[pathname] : undefined;
    const isWrite = method !== "GET" && method !== "HEAD";
    const refusal = this.#access.refusal(headers, isWrite ? "write" : (endpoint?.need ?? "read"));
    if (refusal !== undefined) {
      const { status, reason, challenge } = refusal;
      const answer = failed(status, reason);
      if (challenge !== undefined) answer.headers.set("WWW-Authenticate", challenge);
      return guarded(answer);
    }
    if (endpoint === undefined) return guarded(failed(404, "there is nothing here", { endpoints: listing() }));
    const answering = isWrite ? (method === "POST" ? endpoint.POST : undefined) : endpoint.GET;
    if (answering === undefined) return guarded(notAllowed(endpoint));
    const { type } = this.#address;
    this.#server.timeout(request, 0);
    const asked = {
      request,
      handlers: this.#handlers,
      isLocal: type === "unix",
      events: () => this.#events(request),
    };
    try {
      return guarded(await answering(asked));
    } catch (error) {
      this.#log.error("the admin listener failed to answer", { method, path: pathname, reason: String(error) });
      return guarded(failed(500, "this failed; the log says why"));
    }
  }

  #events(request: Request): Response {
    if (request.method === "HEAD") return new Response(null, { headers: EVENTS_TYPE });
    const exchanges = readExchangeFilter(new URL(request.url).searchParams);
    if (!exchanges.ok) return failed(400, exchanges.fault);
    if (this.#watchers >= MOST_WATCHERS) return failed(503, `${MOST_WATCHERS} watch already`);
    this.#watchers++;
    const mayWrite = this.#access.mayWrite(request.headers);
    const { body } = new EventStream({
      closing: this.#closing.signal,
      onOver: () => this.#watchers--,
      watch: (tell, end) => this.#handlers.watch({ exchanges: exchanges.value, mayWrite }, tell, end),
    });
    return new Response(body, { headers: EVENTS_TYPE });
  }
}

/** Of the two addresses that it may be, the one that Caddy takes, so that the same name is the same place. */
function bindHost(host: string): string {
  return host === "localhost" ? "127.0.0.1" : host;
}

function notAllowed({ GET, POST }: Endpoint): Response {
  const methods = [...(GET === undefined ? [] : ["GET", "HEAD"]), ...(POST === undefined ? [] : ["POST"])].join(", ");
  const answer = failed(405, "this method has no meaning here", { methods });
  answer.headers.set("Allow", methods);
  return answer;
}

function listing(): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(ENDPOINTS).map(([path, { doc }]) => [path, doc]));
}
