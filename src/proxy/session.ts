import type { ProxyError } from "../core/errors.ts";
import type { Peer } from "../upstream/peer.ts";
import type { ProxyHttp } from "./phases.ts";

/** Bun counts idle time in whole seconds and takes at most this (Bun 1.4.5). */
export const MOST_IDLE_SECONDS = 255;

/** What the engine needs of the listener a request came by. `Bun.Server` with a name for its two uses. */
export interface Downstream {
  readonly server: Bun.Server<unknown>;
  /** True when it speaks TLS. */
  readonly secure: boolean;
  /** Seconds a connection may be silent, as Bun counts them; 0 is never. */
  readonly idleTimeoutSeconds: number;
  /** Largest request body; 0 is no limit. */
  readonly maxRequestBodyBytes: number;
}

/**
 * One request being served: what Pingora passes to every phase. `Ctx` is the phases' own state, made by
 * their `newCtx`.
 */
export class Session<Ctx = unknown> {
  readonly request: Request;
  readonly downstream: Downstream;
  /** Path and query exactly as they will be sent upstream; starts with `/`, has no fragment. */
  readonly target: string;
  /** The part of `target` before `?`. What is matched is what is sent. */
  readonly path: string;
  /** The client's authority: the Host field or `:authority`; undefined for HTTP/1.0 without one. */
  readonly host: string | undefined;
  /** A WebSocket handshake (RFC 6455 4.1). */
  readonly isUpgrade: boolean;
  ctx: Ctx;
  /** The peer of the present attempt. */
  peer: Peer | undefined = undefined;
  /** Peers of failed attempts, in order; empty for nearly every request. */
  tried: readonly Peer[] = NONE;
  /** Attempts made so far. */
  attempts = 0;
  /** Status that went to the client, 101 for a WebSocket, 499 when it left before; 0 until known. */
  status = 0;
  /** Why it failed; undefined for a good exchange. */
  error: ProxyError | undefined = undefined;
  /** The request's body as it goes upstream, once it was made: a further attempt sends the same one. */
  upstreamBody: ReadableStream<Uint8Array> | undefined = undefined;
  #held: Peer | undefined = undefined;
  #isOver = false;
  #remoteAddress: string | undefined = undefined;

  constructor(request: Request, downstream: Downstream, facts: SessionFacts, ctx: Ctx) {
    this.request = request;
    this.downstream = downstream;
    this.target = facts.target;
    this.path = facts.path;
    this.host = facts.host;
    this.isUpgrade = facts.isUpgrade;
    this.ctx = ctx;
  }

  get method(): string {
    return this.request.method;
  }

  get secure(): boolean {
    return this.downstream.secure;
  }

  /** Counts this request as in flight on a peer, until `release`. */
  hold(peer: Peer): void {
    this.#held = peer;
    peer.inFlight++;
  }

  /** The attempt, or the answer that came of it, is over. Harmless when it was over already. */
  release(): void {
    if (this.#held === undefined) return;
    this.#held.inFlight--;
    this.#held = undefined;
  }

  /** The exchange is over: gives back what it held. True the first time, so that it is logged once. */
  finish(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.release();
    this.restoreIdleTimeout();
    return true;
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
    return (this.#remoteAddress ??= plainAddress(this.downstream.server.requestIP(this.request)?.address));
  }
}

export interface SessionFacts {
  readonly target: string;
  readonly path: string;
  readonly host: string | undefined;
  readonly isUpgrade: boolean;
}

/** Ends an exchange: what it held is given back, and `logging` runs, both exactly once. */
export function endSession<Ctx>(session: Session<Ctx>, phases: Pick<ProxyHttp<Ctx>, "logging">): void {
  if (session.finish()) phases.logging?.(session);
}

const NONE: readonly Peer[] = [];
const MAPPED = "::ffff:";

/** A socket of both families tells IPv4 clients as `::ffff:192.0.2.1`; everyone else calls them `192.0.2.1`. */
function plainAddress(address: string | undefined): string {
  if (address === undefined) return "";
  return address.startsWith(MAPPED) && address.includes(".") ? address.slice(MAPPED.length) : address;
}
