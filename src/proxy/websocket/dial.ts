import { ProxyError } from "../../core/errors.ts";
import type { Peer } from "../../upstream/peer.ts";
import { failureOf } from "../failure.ts";
import { type AnswerHead, faultOfSwitch, handshakeRequest, newKey, parseAnswerHead } from "./handshake.ts";
import { RefusalBody, type UpstreamRefusal } from "./refusal.ts";
import { type SocketOwner, UpstreamSocket, type UpstreamSocketOptions, type UpstreamTcp } from "./upstream-socket.ts";

export interface DialOptions extends Omit<UpstreamSocketOptions, "isDeflated"> {
  /** To get a connection, TLS included; 0 is off. */
  readonly dialTimeoutMs: number;
  /** From the beginning to the head of the answer; 0 is off. */
  readonly handshakeTimeoutMs: number;
}

/** What a dial came to: an open upstream, or its refusal. */
export type DialOutcome =
  | { readonly type: "open"; readonly head: AnswerHead; readonly socket: UpstreamSocket }
  | { readonly type: "refused"; readonly head: AnswerHead; readonly body: UpstreamRefusal["body"] };

const HEAD_END = Buffer.from("\r\n\r\n");
/** The most that an answer's head may have. Bun's own limit for a request is 16 KiB; cookies can be many. */
const MAX_HEAD_BYTES = 64 * 1024;

type Stage = "connecting" | "securing" | "waiting" | "over";

/** One attempt to open a WebSocket: connect, TLS, request, the head of the answer. Used once. */
export class Dial implements SocketOwner, Disposable {
  readonly #signal: AbortSignal;
  readonly #options: DialOptions;
  readonly #key = newKey();
  readonly #result = Promise.withResolvers<DialOutcome | ProxyError>();
  readonly #dialTimer: Timer | undefined;
  readonly #handshakeTimer: Timer | undefined;
  #peer: Peer | undefined = undefined;
  #headers = new Headers();
  #request: Buffer = NONE;
  #socket: UpstreamTcp | undefined = undefined;
  #stage: Stage = "connecting";
  #answer: Buffer = NONE;

  constructor(client: AbortSignal, options: DialOptions) {
    this.#signal = client;
    this.#options = options;
    const { dialTimeoutMs, handshakeTimeoutMs } = options;
    if (dialTimeoutMs > 0) {
      this.#dialTimer = setTimeout(() => {
        if (this.#stage === "connecting" || this.#stage === "securing") this.#timeOut(dialTimeoutMs);
      }, dialTimeoutMs);
    }
    if (handshakeTimeoutMs > 0) {
      this.#handshakeTimer = setTimeout(() => this.#timeOut(handshakeTimeoutMs), handshakeTimeoutMs);
    }
    client.addEventListener("abort", this.#onClientGone, { once: true });
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#dialTimer);
    clearTimeout(this.#handshakeTimer);
    this.#signal.removeEventListener("abort", this.#onClientGone);
  }

  run(peer: Peer, target: string, headers: Headers): Promise<DialOutcome | ProxyError> {
    this.#peer = peer;
    this.#headers = headers;
    this.#request = handshakeRequest(target, headers, this.#key);
    if (this.#signal.aborted) this.#onClientGone();
    else this.#connect(peer);
    return this.#result.promise;
  }

  #connect(peer: Peer): void {
    const { address } = peer;
    // One set of handlers; `socket.data` is whoever has the socket now.
    const common = { data: this as SocketOwner, socket: HANDLERS };
    const connecting =
      address.type === "unix"
        ? Bun.connect<SocketOwner>({ ...common, unix: address.path })
        : Bun.connect<SocketOwner>({
            ...common,
            hostname: address.host,
            port: address.port,
            ...(address.tls && { tls: peer.tlsOptions }),
          });
    // A raw socket looks at no HTTP_PROXY. Its success is told by onOpen.
    connecting.catch((error: unknown) => this.#fail(failureOf(error)));
  }

  onOpen(socket: UpstreamTcp): void {
    this.#socket = socket;
    if (this.#stage === "over") socket.terminate();
    else if (this.#peer?.address.tls === true) this.#stage = "securing";
    else this.#send(socket);
  }

  onHandshake(socket: UpstreamTcp, _authorized: boolean, error: Error | null): void {
    if (this.#stage !== "securing") return;
    // Bun tells of a bad certificate here; with `rejectUnauthorized: false` it tells too, and goes on (Bun 1.4.5).
    const isIgnored = this.#peer?.tls.verify === false && failureOf(error).kind === "tls_certificate_error";
    if (error !== null && error !== undefined && !isIgnored) this.#fail(failureOf(error));
    else this.#send(socket);
  }

  #send(socket: UpstreamTcp): void {
    this.#stage = "waiting";
    this.onDrain();
    socket.flush();
  }

  onDrain(): void {
    if (this.#stage !== "waiting" || this.#request.length === 0) return;
    const taken = this.#socket?.write(this.#request) ?? 0;
    if (taken > 0) this.#request = this.#request.subarray(taken);
  }

  onData(chunk: Buffer): void {
    const socket = this.#socket;
    if (this.#stage !== "waiting" || socket === undefined) return;
    this.#answer = this.#answer.length === 0 ? chunk : Buffer.concat([this.#answer, chunk]);
    for (;;) {
      const end = this.#answer.indexOf(HEAD_END);
      if (end > MAX_HEAD_BYTES || (end < 0 && this.#answer.length > MAX_HEAD_BYTES)) {
        return this.#fail(new ProxyError("http_protocol_error", "the head of its answer is too long"));
      }
      if (end < 0) return;
      const head = parseAnswerHead(this.#answer.toString("latin1", 0, end));
      if (head === undefined) return this.#fail(new ProxyError("http_protocol_error", "its answer is no HTTP/1"));
      this.#answer = this.#answer.subarray(end + HEAD_END.length);
      // Other interim answers than 101 come before the one that counts (RFC 9110 section 15.2).
      if (head.status >= 200 || head.status === 101) return this.#decide(socket, head);
    }
  }

  #decide(socket: UpstreamTcp, head: AnswerHead): void {
    const early = this.#answer;
    // Before anyone else has the socket: whatever comes now waits in the kernel until it is wanted.
    socket.pause();
    if (head.status === 101) {
      const fault = faultOfSwitch(head.headers, this.#key, this.#headers);
      if (fault !== undefined) return this.#fail(new ProxyError("upgrade_refused", fault));
      this.#stage = "over";
      const isDeflated = head.headers.has("sec-websocket-extensions");
      const upstream = new UpstreamSocket(socket, early, { ...this.#options, isDeflated });
      this.#result.resolve({ type: "open", head, socket: upstream });
      return;
    }
    this.#stage = "over";
    const hasBody = head.status !== 204 && head.status !== 304;
    const body = new RefusalBody(socket, head, early).take();
    this.#result.resolve({ type: "refused", head, body: hasBody ? body : null });
  }

  onEnd(error: Error | undefined): void {
    if (this.#stage === "over") return;
    if (error !== undefined) return this.#fail(failureOf(error));
    const kind = this.#stage === "securing" ? "tls_protocol_error" : "connection_terminated";
    this.#fail(new ProxyError(kind, "it closed the connection without an answer"));
  }

  #timeOut(afterMs: number): void {
    const isConnected = this.#stage === "waiting";
    const kind = isConnected ? "http_response_timeout" : "connection_timeout";
    this.#fail(new ProxyError(kind, `no ${isConnected ? "answer" : "connection"} within ${afterMs} ms`));
  }

  #fail(error: ProxyError): void {
    if (this.#stage === "over") return;
    this.#stage = "over";
    this.#socket?.terminate();
    this.#result.resolve(error);
  }

  readonly #onClientGone = (): void => {
    this.#fail(new ProxyError("client_gone", "the client closed its connection"));
  };
}

const HANDLERS: Bun.SocketHandler<SocketOwner> = {
  open: (socket) => socket.data.onOpen(socket),
  handshake: (socket, authorized, error) => socket.data.onHandshake(socket, authorized, error),
  data: (socket, chunk) => socket.data.onData(chunk),
  drain: (socket) => socket.data.onDrain(),
  // Without half-open sockets Bun calls `close` after `end`, and also after a reset (Bun 1.4.5): one end for all.
  close: (socket, error) => socket.data.onEnd(error),
  // A handler that threw has a bug: it is not to be lost. A TLS fault closes the socket and is told there.
  error: (socket, error) => {
    socket.terminate();
    socket.data.onEnd(error);
  },
  // Makes Bun hand the rejection to us alone; the promise of `connect` rejects all the same.
  connectError: () => {},
};

const NONE: Buffer = Buffer.alloc(0);
