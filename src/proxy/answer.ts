import { ProxyError } from "../core/errors.ts";
import { removeResponseHopByHop } from "../core/fields.ts";
import type { Peer } from "../upstream/peer.ts";
import { ArrivedBodies } from "./arrived.ts";
import { type Awaitable, whenDone } from "./awaitable.ts";
import { CLIENT_GONE, directBody, gather, goesAsBytes, pump, READ_TIMEOUT, unknownLength } from "./body.ts";
import type { BufferBudget } from "./budget.ts";
import { WholeAnswer } from "./exact/answers.ts";
import { failureOf } from "./failure.ts";
import type { UpstreamAnswer } from "./lane.ts";
import type { OpenStreams } from "./open-streams.ts";
import type { Instead, ProxyHttp, ResponseHead } from "./phases.ts";
import { addLastFields } from "./last-fields.ts";
import { endSession, type Session } from "./session.ts";

/** Statuses that never have a body (RFC 9110 15.3.5, 15.3.6, 15.4.5). */
function isBodiless(status: number): boolean {
  return status === 204 || status === 304 || status === 205;
}

/** Passes an upstream's answer to the client: fields, then the body in the form that changes it least. */
export class Answer<Ctx> {
  readonly #phases: ProxyHttp<Ctx>;
  readonly #budget: BufferBudget;
  readonly #streams: OpenStreams;
  readonly #arrived = new ArrivedBodies();

  constructor(phases: ProxyHttp<Ctx>, budget: BufferBudget, streams: OpenStreams) {
    this.#phases = phases;
    this.#budget = budget;
    this.#streams = streams;
  }

  /**
   * A `ProxyError` when the body broke off while it was gathered, before anything went to the client; or what the phases
   * give in its place.
   */
  pass(session: Session<Ctx>, peer: Peer, upstream: UpstreamAnswer): Awaitable<Instead> {
    const phases = this.#phases;
    peer.answers++;
    phases.connectedToUpstream?.(session, peer);
    const { headers } = upstream;
    if (upstream.isEndToEnd !== true) removeResponseHopByHop(headers);
    if (phases.upstreamResponseFilter === undefined && phases.responseFilter === undefined) {
      return this.#shape(session, peer, upstream, upstream);
    }
    const head: ResponseHead = { status: upstream.status, headers };
    return whenDone(phases.upstreamResponseFilter?.(session, head), (instead) => {
      if (instead === undefined) return this.#edit(session, peer, upstream, head);
      discard(upstream);
      return instead instanceof Response ? sendOwn(session, instead, phases) : instead;
    });
  }

  /** Fields are edited in place: where nothing else was changed, the answer itself is the edited head. */
  #edit(
    session: Session<Ctx>,
    peer: Peer,
    upstream: UpstreamAnswer,
    head: ResponseHead,
  ): Awaitable<Response | ProxyError> {
    return whenDone(this.#phases.responseFilter?.(session, head), () =>
      this.#shape(session, peer, upstream, head.status === upstream.status && !head.transform ? upstream : head),
    );
  }

  #shape(
    session: Session<Ctx>,
    peer: Peer,
    upstream: UpstreamAnswer,
    head: ResponseHead,
  ): Awaitable<Response | ProxyError> {
    const { status, headers } = head;
    if (status < 200 || status > 599) {
      discard(upstream);
      return new ProxyError("http_protocol_error", `the upstream answered with status ${status}`);
    }
    session.status = status;
    session.answerHeaders = headers;
    addLastFields(session, headers);
    const lengthText = headers.get("content-length");
    const isHead = session.method === "HEAD";
    if (isHead || lengthText === "0" || isBodiless(status)) {
      discard(upstream);
      endSession(session, this.#phases);
      const isOfUnknownLength = isHead && lengthText === null && !isBodiless(status);
      return new Response(isOfUnknownLength ? unknownLength() : null, { status, headers });
    }
    const { transform } = head;
    const length = transform?.length ?? (lengthText === null ? -1 : Number(lengthText));
    if (
      length > 0 &&
      (transform === undefined || transform.whole !== undefined) &&
      length <= peer.options.responseBufferBytes &&
      this.#phases.responseBodyFilter === undefined &&
      this.#budget.take(length)
    ) {
      return this.#gather(session, peer, upstream, head, length);
    }
    return this.#stream(session, peer, upstream, head);
  }

  #gather(
    session: Session<Ctx>,
    peer: Peer,
    upstream: UpstreamAnswer,
    head: ResponseHead,
    length: number,
  ): Awaitable<Response | ProxyError> {
    if (upstream instanceof WholeAnswer) return this.#whole(session, head, upstream.whole, length, upstream);
    let learn: (() => void) | undefined;
    if (upstream instanceof Response && goesAsBytes(length, head.headers.has("content-type"))) {
      const urlLength = peer.origin.length + session.target.length;
      if (head === upstream && this.#arrived.isWhole(upstream, urlLength, length)) {
        this.#budget.give(length);
        session.bytesSent = length;
        endSession(session, this.#phases);
        return upstream;
      }
      learn = this.#arrived.learn(upstream, urlLength, length);
    }
    const { readMs } = peer.options.timeouts;
    const gathering = readMs > 0 && upstream.body !== null ? gather(upstream.body, readMs) : upstream.bytes();
    // The body of a small answer is nearly always here already: then no promise needs to be waited for.
    const there = Bun.peek(gathering);
    if (there instanceof Uint8Array) {
      if (there.length === length) learn?.();
      return this.#whole(session, head, there, length);
    }
    return gathering.then(
      (bytes) => this.#whole(session, head, bytes, length),
      (error: unknown) => {
        this.#budget.give(length);
        return bodyFailure(error, session);
      },
    );
  }

  #whole(
    session: Session<Ctx>,
    head: ResponseHead,
    bytes: Uint8Array,
    length: number,
    upstream?: WholeAnswer,
  ): Response | ProxyError {
    if (bytes.length !== length) {
      this.#budget.give(length);
      return new ProxyError("http_protocol_error", `the body has ${bytes.length} of ${length} bytes`);
    }
    const { status, headers, transform } = head;
    const body = transform?.whole?.(bytes) ?? (bytes as Uint8Array<ArrayBuffer>);
    if (transform !== undefined) {
      headers.set("Content-Length", String(body.length));
      // That took a while.
      session.observation?.endTurn();
    }
    session.bytesSent = body.length;
    if (goesAsBytes(body.length, headers.has("content-type"))) {
      this.#budget.give(length);
      endSession(session, this.#phases);
      return (head === upstream ? upstream.response : undefined) ?? new Response(body, { status, headers });
    }
    // A client that is slow to read keeps its bytes in memory, so they stay in the budget.
    const stream = directBody(body, {
      beforeEnd: () => session.restoreIdleTimeout(),
      slow: () => session.extendIdleTimeout(),
      sent: (isWhole) => {
        this.#budget.give(length);
        if (!isWhole) session.error = bodyFailure(CLIENT_GONE, session);
        endSession(session, this.#phases);
      },
    });
    return new Response(stream, { status, headers });
  }

  #stream(session: Session<Ctx>, peer: Peer, upstream: UpstreamAnswer, head: ResponseHead): Response {
    if (upstream.body === null) {
      endSession(session, this.#phases);
      return new Response(null, { status: head.status, headers: head.headers });
    }
    const body = head.transform === undefined ? upstream.body : head.transform.stream(upstream.body);
    const filter = this.#phases.responseBodyFilter;
    let forget: (() => void) | undefined;
    const { owner, observation } = session;
    const isEvents = hasEvents(head.headers);
    if (isEvents && observation !== undefined) observation.isEventStream = true;
    const options = {
      filter: filter === undefined ? undefined : (chunk: Uint8Array) => filter.call(this.#phases, session, chunk),
      readTimeoutMs: peer.options.timeouts.readMs,
      isEventStream: isEventStream(head.headers),
      sent: (bytes: number) => void (session.bytesSent += bytes),
      beforeEnd: () => session.restoreIdleTimeout(),
      onLeave:
        owner !== undefined && isEvents
          ? (goAway: () => void) => {
              const { routeKey } = session;
              forget = this.#streams.add({ routeKey, peer, closeDelayMs: owner.streamCloseDelayMs, goAway });
            }
          : undefined,
    };
    const stream = pump(body, options, (error) => {
      forget?.();
      if (error !== undefined) session.error = bodyFailure(error, session);
      endSession(session, this.#phases);
    });
    return new Response(stream, { status: head.status, headers: head.headers });
  }
}

/** Sends an answer that a phase made. */
export function sendOwn<Ctx>(session: Session<Ctx>, response: Response, phases: ProxyHttp<Ctx>): Response {
  session.status = response.status;
  session.answerHeaders = response.headers;
  // Where it has a body its length is said.
  session.bytesSent = session.method === "HEAD" ? 0 : Number(response.headers.get("content-length") ?? 0);
  addLastFields(session, response.headers);
  endSession(session, phases);
  return response;
}

/** Lets go of an answer whose body is not passed on; it is not read to an end that may never come. */
function discard(upstream: UpstreamAnswer): void {
  void upstream.body?.cancel().catch(() => {});
}

function bodyFailure(error: unknown, session: Session): ProxyError {
  if (error === CLIENT_GONE) return new ProxyError("client_gone", "the client closed its connection within the answer");
  if (error === READ_TIMEOUT) return new ProxyError("read_timeout", "the upstream was silent within its answer");
  return failureOf(error, session.request.signal);
}

/** Without an encoding of its own, so that a comment can be put before it. */
function isEventStream(headers: Headers): boolean {
  return hasEvents(headers) && !headers.has("content-encoding");
}

function hasEvents(headers: Headers): boolean {
  return headers.get("content-type")?.startsWith("text/event-stream") === true;
}
