import { ProxyError } from "../../core/errors.ts";
import type { Peer } from "../../upstream/peer.ts";
import { connect, handshakeFault, type SocketOwner, type UpstreamTcp } from "../connect.ts";
import { type AnswerHead, parseAnswerHead } from "../exact/answer-head.ts";
import { HeadBuffer } from "../exact/head-buffer.ts";
import { KnownFields } from "../exact/known-fields.ts";
import { failureOf } from "../failure.ts";
import type { UpstreamAnswer } from "../lane.ts";
import { faultOfSwitch, handshakeRequest, newKey } from "./handshake.ts";
import { refusalOf } from "./refusal.ts";
import { UpstreamSocket, type UpstreamSocketOptions } from "./upstream-socket.ts";

export interface DialOptions extends Omit<UpstreamSocketOptions, "isDeflated"> {
  /** To get a connection, TLS included; 0 is off. */
  readonly dialTimeoutMs: number;
  /** From the beginning to the head of the answer; 0 is off. */
  readonly handshakeTimeoutMs: number;
}

/** The origin's answer to a handshake that it did not accept, to be passed on as it is. */
export interface RefusedUpgrade {
  readonly type: "refused";
  readonly answer: UpstreamAnswer;
  readonly connectMs: number;
}

/** What a dial came to: an open upstream, or its refusal. */
export type DialOutcome =
  | {
      readonly type: "open";
      readonly headers: Headers;
      readonly socket: UpstreamSocket;
      /** What it took to get the connection, TLS included. */
      readonly connectMs: number;
    }
  | RefusedUpgrade;

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
  readonly #begunAt = performance.now();
  #connectMs = 0;
  readonly #answer = new HeadBuffer();

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
    else connect(peer, this, (error) => this.#fail(error));
    return this.#result.promise;
  }

  onOpen(socket: UpstreamTcp): void {
    this.#socket = socket;
    if (this.#stage === "over") socket.terminate();
    else if (this.#peer?.address.tls === true) this.#stage = "securing";
    else this.#send(socket);
  }

  onHandshake(socket: UpstreamTcp, _authorized: boolean, error: Error | null): void {
    if (this.#stage !== "securing") return;
    const fault = this.#peer === undefined ? undefined : handshakeFault(this.#peer, error);
    if (fault === undefined) this.#send(socket);
    else this.#fail(fault);
  }

  #send(socket: UpstreamTcp): void {
    this.#stage = "waiting";
    this.#connectMs = performance.now() - this.#begunAt;
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
    let split = this.#answer.push(chunk);
    while (split !== undefined) {
      if (split instanceof ProxyError) return this.#fail(split);
      const head = parseAnswerHead(split.text, new KnownFields());
      if (head instanceof ProxyError) return this.#fail(head);
      // Other interim answers than 101 come before the one that counts (RFC 9110 section 15.2).
      if (head.status >= 200 || head.status === 101) return this.#decide(socket, head, split.rest);
      split = split.rest.length === 0 ? undefined : this.#answer.push(split.rest);
    }
  }

  #decide(socket: UpstreamTcp, head: AnswerHead, early: Buffer): void {
    // Before anyone else has the socket: whatever comes now waits in the kernel until it is wanted.
    socket.pause();
    if (head.status === 101) {
      const fault = faultOfSwitch(head.headers, this.#key, this.#headers);
      if (fault !== undefined) return this.#fail(new ProxyError("upgrade_refused", fault));
      this.#stage = "over";
      const isDeflated = head.headers.has("sec-websocket-extensions");
      const upstream = new UpstreamSocket(socket, early, { ...this.#options, isDeflated });
      this.#result.resolve({ type: "open", headers: head.headers, socket: upstream, connectMs: this.#connectMs });
      return;
    }
    this.#stage = "over";
    const answer = refusalOf(socket, head, early, this.#signal);
    this.#result.resolve({ type: "refused", answer, connectMs: this.#connectMs });
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

const NONE: Buffer = Buffer.alloc(0);
