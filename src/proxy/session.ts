import type { WebSocketHoldConfig } from "../config/model.ts";
import type { ProxyError } from "../core/errors.ts";
import { withoutPort } from "../core/host.ts";
import { plainAddress } from "../core/network.ts";
import { clientAddressOf } from "../core/trust.ts";
import type { CapturedGroups, RequestFacts } from "../routing/request-facts.ts";
import type { Peer } from "../upstream/peer.ts";
import type { Deadline } from "./deadline.ts";
import type { Downstream } from "./downstream.ts";
import type { UploadBody } from "./lane.ts";
import type { Observation } from "./observation.ts";
import type { ProxyHttp } from "./phases.ts";

/** The status of what became a WebSocket (RFC 9110 15.2.2). */
export const SWITCHING_PROTOCOLS = 101;

/** Bun counts idle time in whole seconds and takes at most this (Bun 1.4.5). */
export const MOST_IDLE_SECONDS = 255;

/**
 * One request being served: what Pingora passes to every phase. `Ctx` is the phases' own state, made by
 * their `newCtx`.
 */
export class Session<Ctx = unknown> implements RequestFacts {
  readonly downstream: Downstream;
  /** Path and query as the client sent them (as Bun gives them). */
  readonly originalTarget: string;
  /** The client's authority: the Host field or `:authority`; undefined for HTTP/1.0 without one. */
  readonly host: string | undefined;
  /** A WebSocket handshake (RFC 6455 4.1). */
  readonly isUpgrade: boolean;
  readonly #isOrdinary: boolean;
  ctx: Ctx;
  /** The route that forwards it, for what stays open through a reload; undefined until it is chosen. */
  owner: StreamOwner | undefined = undefined;
  /** The method that goes upstream; undefined is the client's. */
  upstreamMethod: string | undefined = undefined;
  /** Largest body of this request; 0 is no limit. The listener's, unless a route says otherwise. */
  maxRequestBodyBytes: number;
  /** Counts the changes to what routes match on: the target and the fields. */
  revision = 0;
  /** The peer of the present attempt. */
  peer: Peer | undefined = undefined;
  /** Peers of failed attempts, in order; empty for nearly every request. */
  tried: readonly Peer[] = NONE;
  /** Attempts made so far. */
  attempts = 0;
  /** Status that went to the client, 101 for a WebSocket, 499 when it left before; 0 until known. */
  status = 0;
  /** The fields that went to the client; undefined until known. */
  answerHeaders: Headers | undefined = undefined;
  /** A field that goes to the client with every answer; undefined for none. */
  echo: { readonly name: string; readonly value: string } | undefined = undefined;
  /** Bytes of the answer's body that were handed on; of a WebSocket, of the messages to its client. */
  bytesSent = 0;
  /** Times and counts; undefined where nobody wants them (`ProxyHttp.isObserved`). */
  observation: Observation | undefined = undefined;
  /** Why it failed; undefined for a good exchange. */
  error: ProxyError | undefined = undefined;
  /** The body went upstream, and is not there for another one. */
  isBodySent = false;
  /** One that does not go upstream may still be wanted for another one. */
  keepsBody = false;
  /** The request's body as it goes upstream, once it was made: a further attempt sends the same one. */
  upstreamBody: UploadBody | undefined = undefined;
  /** All of it was taken by an attempt. Known where that has a deadline. */
  isBodyTaken = false;
  /** Ends the present attempt when it takes too long; undefined where nothing is too long. */
  deadline: Deadline | undefined = undefined;
  /** It is counted against a limit; undefined where there is none. */
  counted: Counted | undefined = undefined;
  #request: Request;
  #held: Peer | undefined = undefined;
  #isOver = false;
  #socketAddress: Bun.SocketAddress | null | undefined = undefined;
  #remoteAddress: string | undefined = undefined;
  #clientAddress: string | undefined = undefined;
  #hostname: string | undefined = undefined;
  #target: string;
  #path: string;
  #headers: Headers | undefined = undefined;
  #captures: Captures | undefined = undefined;

  constructor(request: Request, downstream: Downstream, facts: SessionFacts, ctx: Ctx) {
    this.#request = request;
    this.downstream = downstream;
    this.originalTarget = facts.target;
    this.#target = facts.target;
    this.#path = facts.path;
    this.host = facts.host;
    this.maxRequestBodyBytes = downstream.maxRequestBodyBytes;
    this.isUpgrade = facts.isUpgrade;
    this.#isOrdinary = facts.isOrdinary;
    this.ctx = ctx;
  }

  get request(): Request {
    return this.#request;
  }

  get method(): string {
    return this.request.method;
  }

  get secure(): boolean {
    return this.downstream.secure;
  }

  /** Path and query exactly as they will be sent upstream; starts with `/`, has no fragment. */
  get target(): string {
    return this.#target;
  }

  /** The part of `target` before `?`. What is matched is what is sent. */
  get path(): string {
    return this.#path;
  }

  /** The part of `target` after `?`; "" where there is none. */
  get query(): string {
    return this.#target.slice(this.#path.length + 1);
  }

  /** What makes the route that forwards it the same one after a reload: the listener, and the names of the routes. */
  get routeKey(): string {
    return `${this.downstream.name} ${this.owner?.key ?? ""}`;
  }

  /** Sends another target upstream from here on (Caddy's `rewrite`). It is a target already: encoded, from `/` on. */
  rewrite(target: string): void {
    const query = target.indexOf("?");
    this.#target = target;
    this.#path = query < 0 ? target : target.slice(0, query);
    this.revision++;
  }

  /** The request's fields, with the edits made so far. For reading. */
  get headers(): Headers {
    return this.#headers ?? this.request.headers;
  }

  /** Nothing of `headers` has to be removed before they go upstream. */
  get isOrdinary(): boolean {
    return this.#isOrdinary && this.#headers === undefined;
  }

  /** Nothing of it has to be changed, and there is no body: such methods have none here (Bun 1.4.5). */
  get isBare(): boolean {
    return this.isOrdinary && this.host !== undefined && (this.method === "GET" || this.method === "HEAD");
  }

  /** The same for changing: what is changed is what matchers see and what goes upstream. */
  editHeaders(): Headers {
    this.revision++;
    this.#hostname = undefined;
    return (this.#headers ??= new Headers(this.request.headers));
  }

  get hostname(): string {
    if (this.#hostname !== undefined) return this.#hostname;
    const host = this.#headers === undefined ? this.host : this.#headers.get("host");
    return (this.#hostname = withoutPort(host ?? "").toLowerCase());
  }

  capture(name: string | undefined, groups: CapturedGroups): void {
    this.#captures = { last: groups, byName: this.#captures?.byName ?? new Map<string, CapturedGroups>() };
    if (name !== undefined) this.#captures.byName.set(name, groups);
  }

  /** A group of the last regular expression that matched, or of the last of that name. "" where there is none. */
  captured(name: string | undefined, group: number | string): string {
    const groups = name === undefined ? this.#captures?.last : this.#captures?.byName.get(name);
    return (typeof group === "number" ? groups?.[group] : groups?.groups?.[group]) ?? "";
  }

  /** Counts this request as in flight on a peer, until `release`. Harmless when it is counted there already. */
  hold(peer: Peer): void {
    if (this.#held === peer) return;
    this.release();
    this.#held = peer;
    peer.inFlight++;
  }

  /** The attempt, or the answer that came of it, is over. Harmless when it was over already. */
  release(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    held.inFlight--;
  }

  /** The exchange is over: gives back what it held. True the first time, so that it is logged once. */
  finish(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.release();
    this.counted?.leave();
    if (this.status !== SWITCHING_PROTOCOLS) this.restoreIdleTimeout();
    return true;
  }

  /** It is a WebSocket now, whose fields nobody will ask for: with its signal, Bun's request takes more than a kilobyte. */
  letGo(): void {
    void this.clientAddress;
    if (this.#headers !== undefined) void this.hostname;
    this.#request = GONE;
    this.#headers = undefined;
  }

  /** Lifts the listener's idle timeout, which would cut a request whose answer is late (Bun 1.4.5). */
  liftIdleTimeout(): void {
    const { idleTimeoutSeconds, server } = this.downstream;
    if (idleTimeoutSeconds > 0) server.timeout(this.request, 0);
  }

  /** Puts it back for the connection's next request: once lifted it stays lifted. */
  restoreIdleTimeout(): void {
    const { idleTimeoutSeconds, server } = this.downstream;
    if (idleTimeoutSeconds > 0) server.timeout(this.request, idleTimeoutSeconds);
  }

  /**
   * Gives a client that is slow to take an answer handed over whole the longest time there is: Bun counts it from then
   * on, whatever the client reads meanwhile (1.4.5). Never, and one that reads nothing would hold the bytes for ever.
   */
  extendIdleTimeout(): void {
    const { idleTimeoutSeconds, server } = this.downstream;
    if (idleTimeoutSeconds > 0) server.timeout(this.request, MOST_IDLE_SECONDS);
  }

  /** The client's IP as the socket tells it; "" on a unix socket or when it is gone. */
  get remoteAddress(): string {
    return (this.#remoteAddress ??= plainAddress(this.#socket?.address));
  }

  /** The port beside it; 0 where there is none. */
  get remotePort(): number {
    return this.#socket?.port ?? 0;
  }

  /** Asked for once: it costs a twentieth of a request (Bun 1.4.5). */
  get #socket(): Bun.SocketAddress | null {
    return (this.#socketAddress ??= this.downstream.server.requestIP(this.request));
  }

  /** The client's IP: what the trusted proxies before this one tell of it, else `remoteAddress`. */
  get clientAddress(): string {
    const { trusted } = this.downstream;
    if (trusted === undefined) return this.remoteAddress;
    if (this.#clientAddress !== undefined) return this.#clientAddress;
    const told = this.request.headers.get("x-forwarded-for");
    return (this.#clientAddress = clientAddressOf(trusted, this.remoteAddress, told));
  }
}

/** What counts a request while it is served. */
export interface Counted {
  leave(): void;
}

interface Captures {
  readonly last: CapturedGroups;
  readonly byName: Map<string, CapturedGroups>;
}

/** What a long-lived stream belongs to. A `ProxyRoute` is one. */
export interface StreamOwner {
  /** The same after a reload while the route is still there. */
  readonly key: string;
  /** Within this time it is ended once the route, or its peer, is gone. */
  readonly streamCloseDelayMs: number;
  /** Whether a client is kept while its upstream is away; a limit of 0 is not. */
  readonly hold: WebSocketHoldConfig;
}

export interface SessionFacts {
  readonly target: string;
  readonly path: string;
  readonly host: string | undefined;
  readonly isUpgrade: boolean;
  readonly isOrdinary: boolean;
}

/** Ends an exchange: what it held is given back, and `logging` runs, both exactly once. */
export function endSession<Ctx>(session: Session<Ctx>, phases: Pick<ProxyHttp<Ctx>, "logging">): void {
  if (session.finish()) phases.logging?.(session);
}

const NONE: readonly Peer[] = [];
/** In the place of one that was let go: a handshake is a GET (RFC 6455 4.1). */
const GONE = new Request("http://gone.invalid/");
