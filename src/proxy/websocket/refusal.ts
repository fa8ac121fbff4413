import { ProxyError } from "../../core/errors.ts";
import type { SocketOwner, UpstreamTcp } from "../connect.ts";
import { AnswerBody, type BodySource } from "../exact/answer-body.ts";
import { type AnswerHead, framingOf } from "../exact/answer-head.ts";
import { OpenAnswer, WholeAnswer } from "../exact/answers.ts";
import { BodyReader, type BodySink } from "../exact/body-reader.ts";
import type { UpstreamAnswer } from "../lane.ts";

/**
 * The origin's answer to a handshake that it did not accept, to be passed on as it is. Takes over a socket that is
 * paused; `early` is what came behind the head. The connection ends with the answer, or when the client goes.
 */
export function refusalOf(socket: UpstreamTcp, head: AnswerHead, early: Buffer, client: AbortSignal): UpstreamAnswer {
  const { status, length } = head;
  if (status === 204 || status === 304 || length === 0) {
    socket.terminate();
    return new WholeAnswer(head, null);
  }
  return new OpenAnswer(head, new Refusal(socket, head, early, client).body);
}

/** Reads the body of a refusal. */
class Refusal implements SocketOwner, BodySink, BodySource {
  readonly body = new AnswerBody(this);
  readonly #socket: UpstreamTcp;
  readonly #reader: BodyReader;

  constructor(socket: UpstreamTcp, head: AnswerHead, early: Buffer, client: AbortSignal) {
    this.#socket = socket;
    this.#reader = new BodyReader(framingOf(head));
    socket.data = this;
    socket.resume();
    client.addEventListener("abort", () => this.#end(CUT), { once: true });
    this.onData(early);
  }

  onOpen(): void {}
  onHandshake(): void {}
  onDrain(): void {}

  onData(chunk: Buffer): void {
    this.#reader.push(chunk, this);
    if (this.#reader.state === "whole") this.#end(undefined);
    else if (this.#reader.state === "broken") this.#end(new ProxyError("http_protocol_error", "its chunks are none"));
  }

  onEnd(error: Error | undefined): void {
    this.#end(this.#reader.end(error === undefined) === "whole" ? undefined : CUT);
  }

  onPiece(piece: Uint8Array): void {
    this.body.push(piece);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  cancel(): void {
    this.#socket.terminate();
  }

  #end(error: ProxyError | undefined): void {
    this.body.end(error);
    this.#socket.terminate();
  }
}

const CUT = new ProxyError("connection_terminated", "the upstream's answer was cut off");
