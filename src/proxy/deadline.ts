import type { UpstreamTimeouts } from "../config/model.ts";
import { ProxyError } from "../core/errors.ts";

/**
 * Ends an attempt whose upstream takes no more of the request's body, or gives no head of an answer once it has all of
 * the request (Caddy's `write_timeout` and `response_header_timeout`); a client that is slow to send costs it nothing.
 * It still ends when the client goes.
 */
export class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #timeouts: UpstreamTimeouts;
  #timer: Timer | undefined = undefined;
  #isOver = false;

  constructor(client: AbortSignal, timeouts: UpstreamTimeouts) {
    this.#timeouts = timeouts;
    if (client.aborted) this.#controller.abort(client.reason);
    client.addEventListener("abort", () => this.#controller.abort(client.reason), { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** A piece of the body is there for the upstream to take. */
  onPiece(): void {
    const { writeMs } = this.#timeouts;
    this.#arm(writeMs, () => new ProxyError("write_timeout", `nothing of the request was taken for ${writeMs} ms`));
  }

  /** It was taken: the client is awaited now. */
  onTaken(): void {
    clearTimeout(this.#timer);
  }

  /** All of the request was taken: the answer is awaited now. */
  onSent(): void {
    const { responseHeaderMs } = this.#timeouts;
    this.#arm(
      responseHeaderMs,
      () => new ProxyError("http_response_timeout", `no answer within ${responseHeaderMs} ms`),
    );
  }

  /** The head is there: the time is no longer counted. The client's going still ends the body. */
  [Symbol.dispose](): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  #arm(timeoutMs: number, error: () => ProxyError): void {
    clearTimeout(this.#timer);
    if (timeoutMs > 0 && !this.#isOver) this.#timer = setTimeout(() => this.#controller.abort(error()), timeoutMs);
  }
}
