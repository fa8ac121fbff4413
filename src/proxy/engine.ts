import { ProxyError } from "../core/errors.ts";
import { hasToken, removeLookalikes, removeRequestHopByHop } from "../core/fields.ts";
import { parseTarget } from "../core/target.ts";
import type { Log } from "../observe/log.ts";
import type { Peer } from "../upstream/peer.ts";
import { Answer } from "./answer.ts";
import { Deadline, prepare } from "./attempt.ts";
import { type Awaitable, whenDone } from "./awaitable.ts";
import type { BufferBudget } from "./budget.ts";
import { failureOf } from "./failure.ts";
import type { Lanes } from "./lanes.ts";
import type { ProxyHttp } from "./phases.ts";
import { errorResponse } from "./respond.ts";
import { type Downstream, endSession, Session } from "./session.ts";
import { refuseHandshake } from "./upgrade.ts";
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
  serve(request: Request, downstream: Downstream): Awaitable<Response | undefined> {
    const session = this.#admit(request, downstream);
    try {
      session.liftIdleTimeout();
      const served = this.#run(session);
      return served instanceof Promise ? served.catch((error: unknown) => this.#bug(session, error)) : served;
    } catch (error) {
      return this.#bug(session, error);
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

  #run(session: Session<Ctx>): Awaitable<Response | undefined> {
    const phases = this.#phases;
    if (session.error !== undefined) return this.#fail(session, session.error);
    const early = phases.earlyRequestFilter?.(session);
    return early instanceof Promise ? early.then(() => this.#filter(session)) : this.#filter(session);
  }

  #filter(session: Session<Ctx>): Awaitable<Response | undefined> {
    const filtered = this.#phases.requestFilter?.(session);
    if (filtered === undefined) return this.#forward(session);
    return whenDone(filtered, (result) => {
      if (result === undefined) return this.#forward(session);
      return result instanceof ProxyError ? this.#fail(session, result) : this.#own(session, result);
    });
  }

  #forward(session: Session<Ctx>): Awaitable<Response | undefined> {
    const refused = session.isUpgrade ? refuseHandshake(session.request.headers) : undefined;
    return refused === undefined ? this.#attempt(session) : this.#own(session, refused);
  }

  #attempt(session: Session<Ctx>): Awaitable<Response | undefined> {
    const choice = this.#phases.upstreamPeer?.(session) ?? NO_PHASE_CHOOSES;
    return choice instanceof Promise ? choice.then((peer) => this.#edit(session, peer)) : this.#edit(session, choice);
  }

  #edit(session: Session<Ctx>, peer: Peer | ProxyError): Awaitable<Response | undefined> {
    if (peer instanceof ProxyError) return this.#fail(session, peer);
    session.peer = peer;
    session.attempts++;
    const headers = new Headers(session.request.headers);
    removeRequestHopByHop(headers);
    removeLookalikes(headers);
    if (session.host === undefined) headers.set("Host", peer.authority);
    const edited = this.#phases.upstreamRequestFilter?.(session, headers, peer);
    return edited instanceof Promise
      ? edited.then(() => this.#send(session, peer, headers))
      : this.#send(session, peer, headers);
  }

  #send(session: Session<Ctx>, peer: Peer, headers: Headers): Promise<Response | undefined> {
    const { lanes } = this.#options;
    session.hold(peer);
    if (session.isUpgrade) return this.#upgrade(session, peer, headers);
    const timeoutMs = peer.options.timeouts.responseHeaderMs;
    const deadline = timeoutMs > 0 ? new Deadline(session.request.signal, timeoutMs) : undefined;
    const outgoing = prepare(session, headers, this.#phases, deadline);
    return lanes
      .of(peer, outgoing)
      .send(outgoing)
      .then(
        (upstream) => {
          deadline?.[Symbol.dispose]();
          const outcome = this.#answer.pass(session, peer, upstream);
          if (outcome instanceof Response) return outcome;
          return whenDone(outcome, (settled) => this.#settle(session, settled));
        },
        (error: unknown) => {
          deadline?.[Symbol.dispose]();
          return this.#settle(session, failureOf(error, outgoing.signal));
        },
      );
  }

  async #upgrade(session: Session<Ctx>, peer: Peer, headers: Headers): Promise<Response | undefined> {
    const answer = await this.#options.webSockets.serve(session, peer, headers, this.#phases, () =>
      endSession(session, this.#phases),
    );
    if (answer === undefined) return undefined;
    const outcome = answer instanceof ProxyError ? answer : await this.#answer.pass(session, peer, answer);
    return this.#settle(session, outcome);
  }

  /** An attempt is over: its answer goes out, or the next attempt is made, or the request fails. */
  #settle(session: Session<Ctx>, outcome: Response | undefined | ProxyError): Awaitable<Response | undefined> {
    if (!(outcome instanceof ProxyError)) return outcome;
    session.release();
    return this.#mayRetry(session, outcome) ? this.#attempt(session) : this.#fail(session, outcome);
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
    endSession(session, this.#phases);
    return response;
  }

  #fail(session: Session<Ctx>, error: ProxyError): Awaitable<Response> {
    session.error = error;
    session.status = error.status;
    const page = this.#phases.failToProxy?.(session, error);
    return whenDone(page, (own) => {
      endSession(session, this.#phases);
      return own ?? errorResponse(error);
    });
  }

  #bug(session: Session<Ctx>, error: unknown): Response {
    const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
    session.error = new ProxyError("internal_error", words, error);
    session.status = session.error.status;
    endSession(session, this.#phases);
    return errorResponse(session.error);
  }
}

const NO_PHASE_CHOOSES = new ProxyError("no_peer_available", "no phase chooses a peer");

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
