import type { ProxyError } from "../core/errors.ts";
import type { Peer } from "../upstream/peer.ts";
import type { RetryVerdict } from "../upstream/retry.ts";
import type { Awaitable } from "./awaitable.ts";
import type { ForwardedFields } from "./forwarded.ts";
import type { Session } from "./session.ts";

/** The head of an upstream's answer; hooks change `headers` in place. */
export interface ResponseHead {
  status: number;
  readonly headers: Headers;
  /** Makes another body of the answer's. */
  transform?: BodyTransform;
}

/** Makes another body of an answer's, such as a compressed one. */
export interface BodyTransform {
  /** Bytes of the body that came; -1 where that is not known. */
  readonly length: number;
  /** As it passes. Its length is not known then. */
  stream(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array>;
  /** In hand, so that its length is known: only where that takes no longer than others may be kept waiting. */
  readonly whole: ((bytes: Uint8Array) => Uint8Array<ArrayBuffer>) | undefined;
}

/** As an outcome: the request is to be forwarded. */
export const FORWARD = "forward";

/**
 * What comes in place of an upstream's answer, whose body is let go: another answer, a failure, or with `FORWARD` a new
 * beginning of the attempts, at the peer that `upstreamPeer` then gives (only where the request has no body that was sent).
 */
export type Instead = Response | ProxyError | typeof FORWARD;

/**
 * The life of a request as named points (Pingora's `ProxyHttp`, its names in camelCase). The engine runs
 * any implementation; the gateway compiled from a `Config` is one. Every hook is optional, and one
 * that is absent costs nothing. Hooks return values; none returns a bare boolean. A hook that throws
 * has a bug: the request is answered 500 and logged.
 *
 * Order: newCtx, earlyRequestFilter, requestFilter, then for each attempt upstreamPeer,
 * upstreamRequestFilter, [the attempt], connectedToUpstream or failToConnect or errorWhileProxy; after
 * the attempt that held, upstreamResponseFilter, responseFilter, responseBodyFilter; at the
 * end logging, exactly once. A WebSocket takes every phase up to the attempt, then the bridge, then logging.
 */
export interface ProxyHttp<Ctx = unknown> {
  /** Makes the per-request state. Without it `session.ctx` is undefined. */
  newCtx?(): Ctx;

  /**
   * Whether `logging` wants times and counts of bytes (`Session.observation`). They are taken where it is true when the
   * request comes; without it they are not.
   */
  readonly isObserved?: boolean;

  /** Whether `logging` wants the times alone, and lengths as the fields say them. */
  readonly isTimed?: boolean;

  /** First of all, before any routing: the place for what must see every request. Cannot answer. */
  earlyRequestFilter?(session: Session<Ctx>): Awaitable<void>;

  /**
   * Decides whether to forward. A `Response` or a `ProxyError` is the answer and ends the request;
   * undefined goes on. Without it every request is forwarded.
   */
  requestFilter?(session: Session<Ctx>): Awaitable<Response | ProxyError | undefined>;

  /**
   * Chooses the peer of the next attempt; called again for each retry, `session.attempts` counting those
   * made. A `ProxyError` ends the request. Without it every request is answered 503 no_peer_available.
   */
  upstreamPeer?(session: Session<Ctx>): Awaitable<Peer | ProxyError>;

  /**
   * Edits the fields that go upstream, after hop-by-hop removal and before they are sent; once per
   * attempt. Without it they go as they are.
   */
  upstreamRequestFilter?(session: Session<Ctx>, headers: Headers, peer: Peer): Awaitable<void>;

  /**
   * Takes the place of upstreamRequestFilter where X-Forwarded-* are all that is set: gives the fields, which nobody copies
   * then. Asked only for a request without a body whose fields may go as they came. Undefined, or without it, they are edited.
   */
  forwardedAlone?(session: Session<Ctx>, peer: Peer): ForwardedFields | undefined;

  /**
   * Sees each piece of the request body; what it returns is sent instead, undefined sends the piece as it
   * is. Without it the body streams natively. A body that is filtered goes chunked.
   */
  requestBodyFilter?(session: Session<Ctx>, chunk: Uint8Array): Awaitable<Uint8Array | undefined>;

  /**
   * The attempt reached an origin. `fetch` does not tell of the connection by itself, so this runs when the
   * head of the answer is there, before upstreamResponseFilter; for a WebSocket at its 101.
   */
  connectedToUpstream?(session: Session<Ctx>, peer: Peer): void;

  /** An attempt failed on its peer, whether or not it is made again. Not for a client that left. */
  attemptFailed?(session: Session<Ctx>, peer: Peer, error: ProxyError): void;

  /**
   * The attempt failed before anything was sent. "retry" asks for another attempt, which the engine makes
   * while the request's limit of attempts and its body allow it. Without it there is no retry.
   */
  failToConnect?(session: Session<Ctx>, peer: Peer, error: ProxyError): RetryVerdict;

  /**
   * The attempt failed after something may have been sent, before any of the answer was passed on. "retry" is honoured for
   * GET, HEAD and OPTIONS, and for what `isRepeatable` says yes to; never with a body. Without it there is no retry.
   */
  errorWhileProxy?(session: Session<Ctx>, peer: Peer, error: ProxyError): RetryVerdict;

  /**
   * The next peer to ask for a WebSocket that is held without its upstream, `before` by choice; undefined when there is none,
   * or one of `session.tried` when there is no other. It does not wait: whoever holds asks again. Without it there is none.
   */
  heldPeer?(session: Session<Ctx>, before: Peer): Peer | undefined;

  /** `session.peer` is asked for a WebSocket that is held, with the fields of the first time. Its failure is `attemptFailed`. */
  heldAttempt?(session: Session<Ctx>): void;

  /** It answered: with 101, or with a refusal, which nobody sees. */
  heldAnswered?(session: Session<Ctx>, head: ResponseHead): void;

  /** Whether a request may be carried out twice, whatever its method (RFC 9110 9.2.2). Without it: GET, HEAD, OPTIONS. */
  isRepeatable?(session: Session<Ctx>): boolean;

  /**
   * The head as the upstream sent it, hop-by-hop fields already removed. Without a result it is passed on. Of a
   * WebSocket's 101 the result does not count.
   */
  upstreamResponseFilter?(session: Session<Ctx>, head: ResponseHead): Awaitable<Instead | void>;

  /** The head as the client will get it: header edits by configuration come here, last. */
  responseFilter?(session: Session<Ctx>, head: ResponseHead): Awaitable<void>;

  /**
   * Sees each piece of the answer's body; what it returns is sent instead, undefined sends the piece as it
   * is. Content-Length is dropped when this hook exists.
   */
  responseBodyFilter?(session: Session<Ctx>, chunk: Uint8Array): Awaitable<Uint8Array | undefined>;

  /**
   * The request failed and gatekeeper answers for itself: may give its own page. Without it, or for
   * undefined, the answer is the error's status with a short plain body. `FORWARD` as for `upstreamResponseFilter`.
   */
  failToProxy?(session: Session<Ctx>, error: ProxyError): Awaitable<Response | typeof FORWARD | undefined>;

  /**
   * Exactly once per request, when its body ended or was cut, or its WebSocket closed. `session.error` and
   * `session.status` tell how it went.
   */
  logging?(session: Session<Ctx>): void;
}
