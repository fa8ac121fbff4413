import { ProxyError } from "../core/errors.ts";
import { removeLookalikes, removeRequestHopByHop } from "../core/fields.ts";
import type { Log } from "../observe/log.ts";
import type { Peer } from "../upstream/peer.ts";
import type { RetryVerdict } from "../upstream/retry.ts";
import { admit } from "./admit.ts";
import { Answer, sendOwn } from "./answer.ts";
import { prepare } from "./attempt.ts";
import type { Awaitable } from "./awaitable.ts";
import type { BufferBudget } from "./budget.ts";
import { Deadline } from "./deadline.ts";
import { failureOf } from "./failure.ts";
import type { ForwardedFields } from "./forwarded.ts";
import type { UpstreamAnswer } from "./lane.ts";
import type { Lanes } from "./lanes.ts";
import type { OpenStreams } from "./open-streams.ts";
import { FORWARD, type Instead, type ProxyHttp } from "./phases.ts";
import { pause } from "./pause.ts";
import { errorResponse } from "./respond.ts";
import type { Downstream } from "./downstream.ts";
import { endSession, type Session } from "./session.ts";
import { hasStream, mayBeShort, takeShortBody, wholeBody } from "./short-body.ts";
import { faultOfHandshake } from "./upgrade.ts";
import type { WebSocketProxy } from "./websocket-proxy.ts";

/** What an engine works with besides the phases. */
export interface EngineOptions {
  readonly log: Log;
  readonly lanes: Lanes;
  /** Shared by every answer that is gathered. */
  readonly budget: BufferBudget;
  readonly webSockets: WebSocketProxy;
  /** Where event streams are known while they are open. */
  readonly streams: OpenStreams;
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
    this.#answer = new Answer(phases, options.budget, options.streams);
  }

  /**
   * Serves one request. Undefined means that it became a WebSocket. Never rejects: what goes wrong becomes an
   * answer, or breaks the client's connection where an answer has begun.
   */
  serve(request: Request, downstream: Downstream): Awaitable<Response | undefined> {
    const session = admit(request, downstream, this.#phases);
    try {
      session.liftIdleTimeout();
      const answer = this.#run(session);
      session.observation?.endTurn();
      return answer;
    } catch (error) {
      return this.#bug(session, error);
    }
  }

  #run(session: Session<Ctx>): Awaitable<Response | undefined> {
    const phases = this.#phases;
    if (session.error !== undefined) return this.#fail(session, session.error);
    const early = phases.earlyRequestFilter?.(session);
    if (early instanceof Promise)
      return this.#guard(
        session,
        early.then(() => this.#filter(session)),
      );
    return this.#filter(session);
  }

  #filter(session: Session<Ctx>): Awaitable<Response | undefined> {
    const filtered = this.#phases.requestFilter?.(session);
    if (filtered instanceof Promise) {
      return this.#guard(
        session,
        filtered.then((result) => this.#filtered(session, result)),
      );
    }
    return this.#filtered(session, filtered);
  }

  #filtered(session: Session<Ctx>, result: Response | ProxyError | undefined): Awaitable<Response | undefined> {
    if (result === undefined) return this.#forward(session);
    return result instanceof ProxyError ? this.#fail(session, result) : sendOwn(session, result, this.#phases);
  }

  #forward(session: Session<Ctx>): Awaitable<Response | undefined> {
    const fault = session.isUpgrade ? faultOfHandshake(session.request.headers) : undefined;
    return fault === undefined ? this.#attempt(session) : this.#fail(session, fault);
  }

  #attempt(session: Session<Ctx>): Awaitable<Response | undefined> {
    const choice = this.#phases.upstreamPeer?.(session) ?? NO_PHASE_CHOOSES;
    if (choice instanceof Promise)
      return this.#guard(
        session,
        choice.then((peer) => this.#edit(session, peer)),
      );
    return this.#edit(session, choice);
  }

  #edit(session: Session<Ctx>, peer: Peer | ProxyError): Awaitable<Response | undefined> {
    if (peer instanceof ProxyError) return this.#fail(session, peer);
    session.peer = peer;
    session.attempts++;
    const forwarded = session.isBare ? this.#phases.forwardedAlone?.(session, peer) : undefined;
    if (forwarded !== undefined) {
      beginAttempt(session, peer);
      return this.#exchange(session, peer, forwarded);
    }
    const headers = new Headers(session.headers);
    // It may have this one, which then names no other.
    if (session.isOrdinary) headers.delete("connection");
    else {
      removeRequestHopByHop(headers);
      removeLookalikes(headers);
    }
    if (session.host === undefined) headers.set("Host", peer.authority);
    const edited = this.#phases.upstreamRequestFilter?.(session, headers, peer);
    if (edited instanceof Promise) {
      return this.#guard(
        session,
        edited.then(() => this.#send(session, peer, headers)),
      );
    }
    return this.#send(session, peer, headers);
  }

  #send(session: Session<Ctx>, peer: Peer, headers: Headers): Promise<Response | undefined> {
    beginAttempt(session, peer);
    if (session.isUpgrade) return this.#guard(session, this.#upgrade(session, peer, headers));
    if (!mayBeShort(session, headers, this.#phases)) return this.#exchange(session, peer, headers);
    session.observation?.endTurn();
    const taken = takeShortBody(session, headers);
    return this.#guard(
      session,
      taken.then(() => this.#exchange(session, peer, headers)),
    );
  }

  #exchange(session: Session<Ctx>, peer: Peer, fields: Headers | ForwardedFields): Promise<Response | undefined> {
    const { observation } = session;
    const { timeouts } = peer.options;
    const isTimed = timeouts.responseHeaderMs > 0 || (timeouts.writeMs > 0 && hasStream(session));
    const deadline = (session.deadline = isTimed ? new Deadline(session.request.signal, timeouts) : undefined);
    const outgoing = prepare(session, fields, this.#phases);
    // Neither function throws, so that the usual request needs no further promise to catch what they might.
    return this.#options.lanes
      .of(peer, outgoing)
      .send(outgoing)
      .then(
        (upstream) => {
          deadline?.[Symbol.dispose]();
          observation?.onHead(outgoing.connectMs);
          const answer = this.#pass(session, peer, upstream);
          observation?.endTurn();
          return answer;
        },
        (error: unknown) => {
          deadline?.[Symbol.dispose]();
          return this.#settle(session, failureOf(error, outgoing.signal));
        },
      );
  }

  #pass(session: Session<Ctx>, peer: Peer, upstream: UpstreamAnswer): Awaitable<Response | undefined> {
    try {
      const outcome = this.#answer.pass(session, peer, upstream);
      if (outcome instanceof Response) return outcome;
      if (!(outcome instanceof Promise)) return this.#settle(session, outcome);
      return this.#guard(
        session,
        outcome.then((settled) => this.#settle(session, settled)),
      );
    } catch (error) {
      return this.#bug(session, error);
    }
  }

  // One for all WebSockets, which keep it.
  readonly #ended = (session: Session<Ctx>): void => endSession(session, this.#phases);

  async #upgrade(session: Session<Ctx>, peer: Peer, headers: Headers): Promise<Response | undefined> {
    const answer = await this.#options.webSockets.serve(session, peer, headers, this.#phases, this.#ended);
    if (answer === undefined) return undefined;
    const outcome = answer instanceof ProxyError ? answer : await this.#answer.pass(session, peer, answer);
    return this.#settle(session, outcome);
  }

  /** An attempt is over: its answer goes out, or the next attempt is made, or the request fails. */
  #settle(session: Session<Ctx>, outcome: Instead | undefined): Awaitable<Response | undefined> {
    if (outcome === FORWARD) return this.#beginAgain(session);
    if (!(outcome instanceof ProxyError)) return outcome;
    try {
      session.release();
      const { peer } = session;
      if (peer !== undefined) this.#phases.attemptFailed?.(session, peer, outcome);
      const verdict = this.#retryVerdict(session, outcome);
      if (verdict === "give-up") return this.#fail(session, outcome);
      if (verdict === "over-budget") return this.#fail(session, outcome.overBudget());
      if (verdict === "retry") return this.#attempt(session);
      return this.#guard(
        session,
        pause(verdict.afterMs, session.request.signal).then((isOver) =>
          isOver ? this.#attempt(session) : this.#fail(session, LEFT_WHILE_WAITING),
        ),
      );
    } catch (error) {
      return this.#bug(session, error);
    }
  }

  #retryVerdict(session: Session<Ctx>, error: ProxyError): RetryVerdict {
    const { peer } = session;
    if (peer === undefined || error.side !== "upstream" || error.kind === "no_peer_available") return "give-up";
    if (session.request.signal.aborted) return "give-up";
    if (!error.nothingSent && !this.#isReplayable(session)) return "give-up";
    // A fetch that was ended while it dialled has thrown the body away, though none of it was sent (Bun 1.4.5).
    if (error.kind === "connection_timeout" && hasStream(session) && session.request.bodyUsed) return "give-up";
    const verdict = error.nothingSent
      ? this.#phases.failToConnect?.(session, peer, error)
      : this.#phases.errorWhileProxy?.(session, peer, error);
    if (verdict === undefined) return "give-up";
    if (verdict === "give-up" || verdict === "over-budget") return verdict;
    // After a pause everyone may be asked again, the one that has just failed last.
    if (verdict !== "retry") session.tried = [peer];
    else if (!session.tried.includes(peer)) session.tried = [...session.tried, peer];
    this.#options.log.debug("trying again", { peer: peer.name, reason: error.kind, attempt: session.attempts });
    return verdict;
  }

  /** What may be sent twice: by its method or by the phases' word, and never with a body. */
  #isReplayable(session: Session<Ctx>): boolean {
    const hasBody = wholeBody(session) !== undefined || session.request.body !== null;
    return !hasBody && (isSafe(session.method) || this.#phases.isRepeatable?.(session) === true);
  }

  /** Another upstream is asked in place of the one that answered, or that failed. */
  #beginAgain(session: Session<Ctx>): Awaitable<Response | undefined> {
    session.release();
    session.attempts = 0;
    session.tried = [];
    return this.#attempt(session);
  }

  #fail(session: Session<Ctx>, error: ProxyError): Awaitable<Response | undefined> {
    session.error = error;
    session.status = error.status;
    const page = this.#phases.failToProxy?.(session, error);
    if (page instanceof Promise)
      return this.#guard(
        session,
        page.then((own) => this.#answerFor(session, error, own)),
      );
    return this.#answerFor(session, error, page);
  }

  #answerFor(
    session: Session<Ctx>,
    error: ProxyError,
    page: Response | typeof FORWARD | undefined,
  ): Awaitable<Response | undefined> {
    if (page === FORWARD) return this.#beginAgain(session);
    return sendOwn(session, page ?? errorResponse(error), this.#phases);
  }

  /** What a promise rejects with is a bug: expected failures are values. */
  #guard<T>(session: Session<Ctx>, promise: Promise<T>): Promise<T | Response> {
    return promise.catch((error: unknown) => this.#bug(session, error));
  }

  #bug(session: Session<Ctx>, error: unknown): Response {
    const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
    session.error = new ProxyError("internal_error", words, error);
    return sendOwn(session, errorResponse(session.error), this.#phases);
  }
}

const NO_PHASE_CHOOSES = new ProxyError("no_peer_available", "no phase chooses a peer");

function beginAttempt(session: Session, peer: Peer): void {
  session.hold(peer);
  session.observation?.onAttempt();
}

/** RFC 9110 9.2.1. */
function isSafe(method: string): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS";
}

const LEFT_WHILE_WAITING = new ProxyError("client_gone", "the client left before the next attempt");
