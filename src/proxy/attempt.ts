import { ProxyError } from "../core/errors.ts";
import type { Outgoing } from "./lane.ts";
import type { ProxyHttp } from "./phases.ts";
import type { Session } from "./session.ts";

/** Makes the message of one attempt. `headers` are edited already. */
export function prepare<Ctx>(
  session: Session<Ctx>,
  headers: Headers,
  phases: ProxyHttp<Ctx>,
  deadline: Deadline | undefined,
): Outgoing {
  const { request } = session;
  return {
    method: request.method,
    target: session.target,
    headers,
    body: request.body === null ? undefined : requestBody(session, request.body, headers, phases),
    signal: deadline === undefined ? request.signal : deadline.signal,
  };
}

function requestBody<Ctx>(
  session: Session<Ctx>,
  body: ReadableStream<Uint8Array>,
  headers: Headers,
  phases: ProxyHttp<Ctx>,
): ReadableStream<Uint8Array> {
  if (phases.requestBodyFilter === undefined) return body;
  headers.delete("content-length");
  session.upstreamBody ??= body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      async transform(chunk, controller) {
        controller.enqueue((await phases.requestBodyFilter?.(session, chunk)) ?? chunk);
      },
    }),
  );
  return session.upstreamBody;
}

/** Ends an attempt whose head does not come in time, and still ends it when the client goes. */
export class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer: Timer;

  constructor(client: AbortSignal, timeoutMs: number) {
    client.addEventListener("abort", () => this.#controller.abort(client.reason), { once: true });
    const error = new ProxyError("http_response_timeout", `no answer within ${timeoutMs} ms`);
    this.#timer = setTimeout(() => this.#controller.abort(error), timeoutMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The head is there: the time is no longer counted. The client's going still ends the body. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
