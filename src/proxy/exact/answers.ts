import type { UpstreamAnswer } from "../lane.ts";
import type { AnswerBody } from "./answer-body.ts";
import type { AnswerHead } from "./answer-head.ts";

/** An answer without a body, or whose body came with its head: no stream is made for it but where one is asked for. */
export class WholeAnswer implements UpstreamAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly isEndToEnd: boolean;
  /** The same with the same `headers`, where it was made at once: to give Bun a Response these are not copied for. */
  readonly response: Response | undefined;
  readonly #body: Uint8Array | null;
  #stream: ReadableStream<Uint8Array> | undefined = undefined;

  constructor({ status, headers, isEndToEnd }: AnswerHead, body: Uint8Array | null, response?: Response) {
    this.status = status;
    this.headers = headers;
    this.isEndToEnd = isEndToEnd;
    this.response = response;
    this.#body = body;
  }

  /** Its body; nothing where it has none. */
  get whole(): Uint8Array {
    return this.#body ?? NOTHING;
  }

  get body(): ReadableStream<Uint8Array> | null {
    const bytes = this.#body;
    if (bytes === null) return null;
    return (this.#stream ??= new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(bytes);
        controller.close();
      },
    }));
  }

  bytes(): Promise<Uint8Array> {
    return Promise.resolve(this.whole);
  }
}

/** An answer whose body is still coming. */
export class OpenAnswer implements UpstreamAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly isEndToEnd: boolean;
  readonly #body: AnswerBody;

  constructor({ status, headers, isEndToEnd }: AnswerHead, body: AnswerBody) {
    this.status = status;
    this.headers = headers;
    this.isEndToEnd = isEndToEnd;
    this.#body = body;
  }

  get body(): ReadableStream<Uint8Array> {
    return this.#body.stream;
  }

  bytes(): Promise<Uint8Array> {
    return this.#body.bytes();
  }
}

const NOTHING = new Uint8Array(0);
