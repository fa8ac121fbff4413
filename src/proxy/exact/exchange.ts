import { ProxyError } from "../../core/errors.ts";
import { failureOf } from "../failure.ts";
import type { Outgoing, UpstreamAnswer } from "../lane.ts";
import type { Abortable, AbortWatch } from "./abort-watch.ts";
import type { Admitted } from "./admission-gate.ts";
import { AnswerBody, type BodySource } from "./answer-body.ts";
import { type AnswerHead, framingOf, parseAnswerHead } from "./answer-head.ts";
import { OpenAnswer, WholeAnswer } from "./answers.ts";
import { BodyReader, type BodySink } from "./body-reader.ts";
import type { Carrier, Route } from "./carrier.ts";
import { begun, closed } from "./exchange-faults.ts";
import { HeadBuffer, type HeadSplit, splitHead } from "./head-buffer.ts";
import { isReplayable } from "./replayable.ts";
import { streamOf } from "../short-body.ts";
import { type Deferred, turn } from "../turn.ts";
import { Upload, type UploadSink } from "./upload.ts";
import { wholeResponse } from "./whole-response.ts";

type Stage = "head" | "body" | "over";

/** One request and its answer over a connection. Used once, though it may go to a second connection. */
export class Exchange implements BodySource, BodySink, UploadSink, Abortable, Admitted, Deferred {
  readonly outgoing: Outgoing;
  place = -1;
  round = 0;
  ticket = -1;
  readonly #opening: string | Buffer;
  readonly #resolve: (answer: UpstreamAnswer) => void;
  readonly #reject: (error: unknown) => void;
  readonly #route: Route;
  #carrier: Carrier | undefined = undefined;
  #watchedBy: AbortWatch | undefined = undefined;
  #mayRedial = false;
  #stage: Stage = "head";
  /** Bytes that the connection has not taken yet. */
  #unsent: Uint8Array | undefined = undefined;
  #upload: Upload | undefined = undefined;
  /** All of the request goes out at once, or has been sent. */
  #isUploaded: boolean;
  #partialHead: HeadBuffer | undefined = undefined;
  #reader: BodyReader | undefined = undefined;
  #body: AnswerBody | undefined = undefined;
  /** Its answer that is whole, and to be given at the end of this turn. */
  #whole: WholeAnswer | undefined = undefined;
  #keepsAlive = false;

  /** `opening` is the request's head; `resolve` and `reject` settle the promise of its answer. */
  constructor(
    outgoing: Outgoing,
    opening: string | Buffer,
    { resolve, reject }: Pick<PromiseWithResolvers<UpstreamAnswer>, "resolve" | "reject">,
    route: Route,
  ) {
    this.outgoing = outgoing;
    this.#opening = opening;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#route = route;
    const { body } = outgoing;
    this.#isUploaded = body === undefined || (body instanceof Uint8Array && body.length === lengthOf(outgoing.headers));
  }

  get isOver(): boolean {
    return this.#stage === "over";
  }

  /** Is told which connection it has, or will have when that is made. */
  assign(carrier: Carrier): void {
    this.#carrier = carrier;
  }

  /** Before it is sent it takes a connection; when it is answered it gives its answer. */
  onTurnEnd(): void {
    if (this.#whole !== undefined) return this.#resolve(this.#whole);
    if (this.#stage === "over") return;
    try {
      this.#route.connect(this);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Sends the request. `isReused` when other exchanges were on this connection before. */
  begin(isReused: boolean): void {
    this.#mayRedial = isReused;
    const { body } = this.outgoing;
    if (body === undefined || this.#isUploaded) {
      this.#unsent = undefined;
      this.send(body instanceof Uint8Array ? Buffer.concat([bytesOf(this.#opening), body]) : this.#opening);
    } else if (this.#upload !== undefined) this.onDrain();
    else if (body instanceof ReadableStream && body.locked)
      this.fail(new ProxyError("internal_error", "the request's body was taken by someone else"));
    else {
      this.#upload = new Upload(
        body instanceof Uint8Array ? streamOf(body) : body,
        lengthOf(this.outgoing.headers),
        this,
      );
      void this.#upload.run(this.#opening);
    }
  }

  /** Has it looked at, unless it is over by then. */
  watchBy(watch: AbortWatch): void {
    if (this.#stage === "over") return;
    this.#watchedBy = watch;
    watch.add(this);
  }

  /** From now on it ends when its signal is aborted, or has been. */
  watch(): void {
    if (this.#stage === "over") return;
    const { signal } = this.outgoing;
    if (signal.aborted) this.#abort();
    // Set in place and never taken off: add and removeEventListener cost as much as a request (Bun 1.4.5).
    else signal.onabort = () => this.#abort();
  }

  onData(chunk: Buffer): void {
    this.#mayRedial = false;
    if (this.#stage === "body") this.#readBody(chunk);
    else if (this.#stage === "head") this.#readHead(chunk);
  }

  onDrain(): void {
    const unsent = this.#unsent;
    if (unsent === undefined) return;
    this.#unsent = undefined;
    if (this.send(unsent)) this.#upload?.onDrain();
  }

  /** Its connection has ended. */
  onEnd(error: Error | undefined): void {
    if (this.#stage === "over") return;
    if (this.#mayRedial) {
      this.#mayRedial = false;
      this.#route.dial(this);
    } else if (this.#stage === "body") this.#endBody(error);
    else if (error === undefined) this.fail(closed("without an answer"));
    else this.fail(failureOf(error));
  }

  /** Ends the exchange, and its connection, by whatever kept it from its end. */
  fail(error: unknown): void {
    if (this.#stage === "over") return;
    const isAnswered = this.#stage === "body";
    this.#end();
    this.#upload?.stop();
    if (isAnswered) this.#body?.end(error);
    else this.#reject(this.#upload === undefined ? error : begun(error));
    this.#carrier?.terminate();
    this.#settle();
  }

  pause(): void {
    this.#carrier?.pause();
  }

  resume(): void {
    this.#carrier?.resume();
  }

  /** The reader of the answer wants no more. */
  cancel(): void {
    if (this.#stage === "over") return;
    this.#end();
    this.#upload?.stop();
    this.#carrier?.terminate();
  }

  send(bytes: string | Uint8Array): boolean {
    const taken = this.#carrier?.write(bytes) ?? -1;
    // From here on the upstream may have begun with it.
    if (taken >= 0 && this.#mayRedial) this.#mayRedial = isReplayable(this.outgoing);
    if (taken === bytes.length) return true;
    const rest = bytesOf(bytes);
    // -1 is a connection that has closed, which is still to be told: nothing of this was sent.
    this.#unsent = taken > 0 ? rest.subarray(taken) : rest;
    return false;
  }

  onUploaded(): void {
    this.#isUploaded = true;
  }

  onUploadFailed(error: unknown): void {
    this.fail(error);
  }

  onPiece(piece: Uint8Array): void {
    this.#body?.push(piece);
  }

  #abort(): void {
    this.fail(new DOMException("The attempt was ended", "AbortError"));
  }

  #readHead(chunk: Buffer): void {
    // Nearly every head comes in one piece.
    let isKept = this.#partialHead !== undefined;
    let split = this.#partialHead === undefined ? splitHead(chunk, 0) : this.#partialHead.push(chunk);
    while (split !== undefined) {
      if (split instanceof ProxyError) return this.fail(split);
      const { text } = split;
      const { known, repeated } = this.#route;
      const before = repeated.of(text);
      const response = wholeResponse(split, before, this.outgoing.method);
      if (before !== undefined) {
        return this.#answer({ ...before, headers: response?.headers ?? new Headers(before.headers) }, split, response);
      }
      const head = parseAnswerHead(text, known, response?.headers);
      if (head instanceof ProxyError) return this.fail(head);
      if (head.status >= 200) {
        if (head.keepAlive !== undefined) this.#route.onKeepAlive(head.keepAlive);
        repeated.note(text, head);
        return this.#answer(head, split, response);
      }
      // Switching protocols where no upgrade was sent (RFC 9110 15.2.2).
      if (head.status === 101) return this.fail(new ProxyError("http_protocol_error", "it switched protocols unasked"));
      chunk = split.rest;
      split = splitHead(chunk, 0);
      isKept = false;
    }
    if (!isKept && chunk.length > 0) (this.#partialHead ??= new HeadBuffer()).push(chunk);
  }

  #answer(head: AnswerHead, { rest }: HeadSplit, response: Response | undefined): void {
    const { status, length } = head;
    this.#keepsAlive = head.keepsAlive;
    const hasNone = this.outgoing.method === "HEAD" || status === 204 || status === 304;
    // A 204 that speaks of a body (RFC 9112 6.3) may be followed by one, which would not be told from the next answer.
    const isOdd = status === 204 && (head.isChunked || length > 0);
    if (hasNone || length === 0 || (length > 0 && rest.length >= length)) {
      const hasSurplus = rest.length > (hasNone ? 0 : length);
      // Bytes that nobody asked for could become the answer to another request.
      this.#over(head.keepsAlive && !hasSurplus && !isOdd);
      const body = hasNone || length === 0 ? null : hasSurplus ? rest.subarray(0, length) : rest;
      const isAsMade = body !== null && !hasSurplus;
      this.#whole = new WholeAnswer(head, body, isAsMade ? response : undefined);
      turn.defer(this);
      return;
    }
    this.#stage = "body";
    this.#settle();
    this.#reader = new BodyReader(framingOf(head));
    this.#body = new AnswerBody(this);
    const answer = new OpenAnswer(head, this.#body);
    if (rest.length > 0) this.#readBody(rest);
    this.#resolve(answer);
  }

  #readBody(chunk: Buffer): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    const used = reader.push(chunk, this);
    if (reader.state === "broken") this.fail(new ProxyError("http_protocol_error", "its chunks are none"));
    else if (reader.state === "whole") {
      this.#body?.end();
      this.#over(this.#keepsAlive && used === chunk.length);
    }
  }

  #endBody(error: Error | undefined): void {
    if (this.#reader?.end(error === undefined) !== "whole") return this.fail(closed("within its answer", error));
    this.#body?.end();
    this.#over(false);
  }

  #end(): void {
    this.#stage = "over";
    this.#watchedBy?.remove(this);
  }

  /** The answer has come to its end. */
  #over(isReusable: boolean): void {
    this.#end();
    if (isReusable && this.#isUploaded && this.#unsent === undefined) this.#carrier?.release();
    else {
      this.#upload?.stop();
      this.#carrier?.close();
    }
    this.#settle();
  }

  /** Whether there is an answer is known, and its connection may be another's by now. */
  #settle(): void {
    if (this.ticket >= 0) this.#route.settle(this);
  }
}

function bytesOf(bytes: string | Uint8Array): Uint8Array {
  return typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes;
}

/** -1 is chunked. Bun.serve takes nothing but digits; what is no length here fails with the first byte. */
function lengthOf(headers: Headers): number {
  const length = headers.get("content-length");
  return length === null ? -1 : Number(length);
}
