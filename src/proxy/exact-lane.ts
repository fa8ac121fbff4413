import http from "node:http";
import https from "node:https";
import { Readable } from "node:stream";
import type { Peer } from "../upstream/peer.ts";
import { ExactAnswer } from "./exact-answer.ts";
import type { Lane, Outgoing, UpstreamAnswer } from "./lane.ts";

/** Bun's fetch keeps an idle connection for so long; the two lanes agree. */
const DEFAULT_IDLE_TIMEOUT_MS = 300_000;

/** Node's 16 KiB would refuse heads that the other lane takes (Bun 1.4.5). */
const MOST_HEAD_BYTES = 1024 * 1024;

/**
 * Forwards by node:http what `fetch` would not send as it is. Bun's fetch (1.4.5) adds `User-Agent: Bun/…` and
 * `Accept: *\/*` where the client sent none, and joins slashes at the start of a path (`//a` goes out as `/a`).
 * node:http sends exactly what it is given, more slowly.
 */
export class ExactLane implements Lane {
  readonly #agent: http.Agent;
  readonly #request: typeof http.request;
  readonly #where: http.RequestOptions;
  /** The event of a socket by which bytes can be sent. */
  readonly #connected: "connect" | "secureConnect";

  constructor(peer: Peer) {
    const { address } = peer;
    const { idleTimeoutMs, poolSize } = peer.options.keepAlive;
    const agentOptions: http.AgentOptions = {
      keepAlive: true,
      maxFreeSockets: poolSize,
      timeout: idleTimeoutMs > 0 ? idleTimeoutMs : DEFAULT_IDLE_TIMEOUT_MS,
    };
    if (address.type === "unix") {
      this.#agent = new http.Agent(agentOptions);
      this.#request = http.request;
      this.#connected = "connect";
      this.#where = { socketPath: address.path };
    } else {
      const secure = address.tls;
      this.#agent = secure ? new https.Agent({ ...agentOptions, ...peer.tlsOptions }) : new http.Agent(agentOptions);
      this.#request = secure ? https.request : http.request;
      this.#connected = secure ? "secureConnect" : "connect";
      this.#where = { host: address.host, port: address.port };
    }
  }

  /** What fetch would change. */
  static isNeeded(target: string, headers: Headers): boolean {
    return !headers.has("user-agent") || !headers.has("accept") || target.startsWith("//");
  }

  send(outgoing: Outgoing): Promise<UpstreamAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<UpstreamAnswer>();
    const { signal, body } = outgoing;
    const request = this.#request({
      ...this.#where,
      agent: this.#agent,
      method: outgoing.method,
      path: outgoing.target,
      headers: headerLines(outgoing),
      setHost: false,
      maxHeaderSize: MOST_HEAD_BYTES,
    });
    // A handler set in place, never taken off: add and removeEventListener made this lane half as fast (Bun 1.4.5).
    let isOver = false;
    const abort = () => {
      if (!isOver) request.destroy(new DOMException("The attempt was ended", "AbortError"));
    };
    if (signal.aborted) abort();
    else signal.onabort = abort;
    let isAnswered = false;
    request.on("error", (error) => {
      const isStale = request.reusedSocket && !isAnswered && !signal.aborted;
      if (isStale && isReplayable(outgoing)) resolve(this.send(outgoing));
      else reject(error);
    });
    request.on("close", () => {
      isOver = true;
    });
    request.on("response", (incoming) => {
      isAnswered = true;
      // Without a listener an error within a body that nobody reads any more would end the process.
      incoming.on("error", () => {});
      resolve(new ExactAnswer(incoming));
    });
    // A 101 that nobody asked for is no "response" to node:http, and without this the attempt would never end.
    request.on("upgrade", (_incoming, socket) => {
      socket.destroy();
      reject(new UnrequestedUpgrade());
    });
    if (body === undefined) request.end();
    else {
      // The head must not wait for the first piece of the body, which may wait for an answer.
      request.flushHeaders();
      const pour = () => {
        const source = Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]);
        source.on("error", (error) => request.destroy(error));
        source.pipe(request);
      };
      // Not before there is a connection: a body that was not touched can go to the next peer.
      request.on("socket", (socket) => {
        if (socket.connecting) socket.once(this.#connected, pour);
        else pour();
      });
    }
    return promise;
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

/**
 * What may be sent again when an idle connection turns out to be closed (RFC 9112 9.3.1): fetch does so by itself, and
 * without it each origin that closes idle connections would now and then cost a client a 502.
 */
function isReplayable({ method, body }: Outgoing): boolean {
  return body === undefined && (method === "GET" || method === "HEAD" || method === "OPTIONS");
}

/** Methods whose request node:http sends without framing when it is not told of any (Bun 1.4.5). */
const UNFRAMED = new Set(["GET", "HEAD", "DELETE", "OPTIONS"]);

/**
 * Names and values in turn, as node:http takes them without looking at them. The framing is always said: by itself
 * node:http would send the body of a DELETE with nothing that tells its end, which the upstream would read as the next
 * request, and would send an empty chunked body where a POST has none (Bun 1.4.5).
 */
function headerLines({ method, headers, body }: Outgoing): string[] {
  const lines: string[] = [];
  headers.forEach((value, name) => lines.push(name, value));
  if (headers.has("content-length")) return lines;
  if (body !== undefined) lines.push("Transfer-Encoding", "chunked");
  else if (!UNFRAMED.has(method)) lines.push("Content-Length", "0");
  return lines;
}

/** Switching protocols where no upgrade was sent (RFC 9110 15.2.2); fetch's error has the same name. */
class UnrequestedUpgrade extends Error {
  readonly code = "UnrequestedUpgrade";

  constructor() {
    super("the upstream switched protocols without being asked to");
  }
}
