import { ProxyError } from "../core/errors.ts";
import { hasToken, removeLookalikes, removeRequestHopByHop } from "../core/fields.ts";
import { parseTarget } from "../core/target.ts";
import type { Log } from "../observe/log.ts";
import { Answer } from "./answer.ts";
import { attempt } from "./attempt.ts";
import type { BufferBudget } from "./budget.ts";
import type { Lanes } from "./lanes.ts";
import type { ProxyHttp } from "./phases.ts";
import { errorResponse } from "./respond.ts";
import { type Downstream, Session } from "./session.ts";
import type { WebSocketProxy } from "./websocket-proxy.ts";

/** What an engine works with besides the phases. */
export interface EngineOptions {
  readonly log: Log;
  readonly lanes: Lanes;
  /** Shared by every answer that is gathered. */
  readonly budget: BufferBudget;
  /** Total attempts for one request, the first included (Pingora's `max_retries`). */
  readonly maxAttempts: number;
  readonly webSockets: WebSocketProxy;
}

/**
 * Runs a request through the phases. It knows no configuration: any `ProxyHttp` will do. A hook that is absent
 * costs nothing, and one that returns no promise makes none.
 */
export class Engine<Ctx = unknown> {
  readonly #phases: ProxyHttp<Ctx>;
  readonly #options: EngineOptions;
  readonly #answer: Answer<Ctx>;

  constructor(phases: ProxyHttp<Ctx>, options: EngineOptions) {
    this.#phases = phases;
    this.#options = options;
    this.#answer = new Answer(phases, options.budget);
  }

  /**
   * Serves one request. Undefined means that it became a WebSocket. Never rejects: what goes wrong becomes an
   * answer, or breaks the client's connection where an answer has begun.
   */
  async serve(request: Request, downstream: Downstream): Promise<Response | undefined> {
    const session = this.#admit(request, downstream);
    try {
      session.liftIdleTimeout();
      return await this.#run(session);
    } catch (error) {
      const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return this.#fail(session, new ProxyError("internal_error", words, error));
    }
  }

  /** Takes the request apart. What is wrong with it already stands in `session.error`. */
  #admit(request: Request, downstream: Downstream): Session<Ctx> {
    const { headers, method } = request;
    const host = headers.get("host");
    const parsed = parseTarget(request.url, host);
    const upgrade = method === "GET" ? headers.get("upgrade") : null;
    const facts = {
      target: parsed.type === "ok" ? parsed.target : "/",
      path: parsed.type === "ok" ? parsed.path : "/",
      host: host ?? undefined,
      isUpgrade: upgrade !== null && isWebSocketHandshake(upgrade, headers),
    };
    const ctx = this.#phases.newCtx?.() as Ctx;
    const session = new Session<Ctx>(request, downstream, facts, ctx);
    if (parsed.type !== "ok") session.error = new ProxyError(parsed.type, parsed.reason);
    else if (method === "CONNECT" || method === "TRACE") {
      session.error = new ProxyError("method_not_allowed", `${method} is not forwarded`);
    } else if ((method === "GET" || method === "HEAD") && hasBody(headers)) {
      // Bun.serve gives the handler no body for them (Bun 1.4.5); forwarding them without it would change them.
      session.error = new ProxyError("body_on_get", `a ${method} with a body is not forwarded`);
    } else if (isTooLarge(headers, downstream.maxRequestBodyBytes)) {
      session.error = new ProxyError("payload_too_large", "the body is larger than the configured limit");
    }
    return session;
  }

  async #run(session: Session<Ctx>): Promise<Response | undefined> {
    const phases = this.#phases;
    if (session.error !== undefined) return this.#fail(session, session.error);
    const early = phases.earlyRequestFilter?.(session);
    if (early !== undefined) await early;
    if (phases.requestFilter !== undefined) {
      const filtered = phases.requestFilter(session);
      const result = filtered instanceof Promise ? await filtered : filtered;
      if (result instanceof ProxyError) return this.#fail(session, result);
      if (result !== undefined) return this.#own(session, result);
    }
    for (;;) {
      const outcome = await this.#attempt(session);
      if (!(outcome instanceof ProxyError)) return outcome;
      if (!this.#mayRetry(session, outcome)) return this.#fail(session, outcome);
    }
  }

  async #attempt(session: Session<Ctx>): Promise<Response | undefined | ProxyError> {
    const phases = this.#phases;
    if (phases.upstreamPeer === undefined) return new ProxyError("no_peer_available", "no phase chooses a peer");
    const choice = phases.upstreamPeer(session);
    const peer = choice instanceof Promise ? await choice : choice;
    if (peer instanceof ProxyError) return peer;
    session.peer = peer;
    session.attempts++;
    const headers = new Headers(session.request.headers);
    removeRequestHopByHop(headers);
    removeLookalikes(headers);
    if (session.host === undefined) headers.set("Host", peer.authority);
    const edited = phases.upstreamRequestFilter?.(session, headers, peer);
    if (edited !== undefined) await edited;
    peer.inFlight++;
    const { lanes, webSockets } = this.#options;
    let outcome: Response | undefined | ProxyError;
    if (session.isUpgrade) outcome = await webSockets.serve(session, peer, headers, phases);
    else {
      const upstream = await attempt(session, peer, headers, phases, lanes);
      outcome = upstream instanceof ProxyError ? upstream : await this.#answer.pass(session, peer, upstream);
    }
    if (outcome instanceof ProxyError) peer.inFlight--;
    return outcome;
  }

  #mayRetry(session: Session<Ctx>, error: ProxyError): boolean {
    const { peer } = session;
    if (peer === undefined || error.side !== "upstream" || error.kind === "no_peer_available") return false;
    if (session.attempts >= this.#options.maxAttempts || session.request.signal.aborted) return false;
    const verdict = error.nothingSent
      ? this.#phases.failToConnect?.(session, peer, error)
      : this.#phases.errorWhileProxy?.(session, peer, error);
    if (verdict !== "retry" || !(error.nothingSent || isReplayable(session.request))) return false;
    session.tried = [...session.tried, peer];
    this.#options.log.debug("trying again", { peer: peer.name, reason: error.kind, attempt: session.attempts });
    return true;
  }

  /** An answer that a phase made. */
  #own(session: Session<Ctx>, response: Response): Response {
    session.status = response.status;
    this.#end(session);
    return response;
  }

  async #fail(session: Session<Ctx>, error: ProxyError): Promise<Response> {
    session.error = error;
    session.status = error.status;
    const page = await this.#phases.failToProxy?.(session, error);
    this.#end(session);
    return page ?? errorResponse(error);
  }

  #end(session: Session<Ctx>): void {
    session.restoreIdleTimeout();
    this.#phases.logging?.(session);
  }
}

function hasBody(headers: Headers): boolean {
  if (headers.has("transfer-encoding")) return true;
  const length = headers.get("content-length");
  return length !== null && length !== "0";
}

/** Bun.serve cuts a longer chunked body itself; this one is told why. */
function isTooLarge(headers: Headers, mostBytes: number): boolean {
  return mostBytes > 0 && Number(headers.get("content-length") ?? 0) > mostBytes;
}

function isWebSocketHandshake(upgrade: string, headers: Headers): boolean {
  const connection = headers.get("connection");
  return connection !== null && hasToken(upgrade, "websocket") && hasToken(connection, "upgrade");
}

/** What may be sent twice: safe by its method, and with no body that was streamed (RFC 9110 9.2.1). */
function isReplayable(request: Request): boolean {
  const { method } = request;
  return (method === "GET" || method === "HEAD" || method === "OPTIONS") && request.body === null;
}
