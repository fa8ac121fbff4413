import { ProxyError } from "../core/errors.ts";
import type { Peer } from "../upstream/peer.ts";
import { failureOf } from "./failure.ts";
import type { Outgoing } from "./lane.ts";
import type { Lanes } from "./lanes.ts";
import type { ProxyHttp } from "./phases.ts";
import type { Session } from "./session.ts";

/** One try to get an answer from one peer: the head of it, or why there is none. */
export async function attempt<Ctx>(
  session: Session<Ctx>,
  peer: Peer,
  headers: Headers,
  phases: ProxyHttp<Ctx>,
  lanes: Lanes,
): Promise<Response | ProxyError> {
  const { request, target } = session;
  const timeoutMs = peer.options.timeouts.responseHeaderMs;
  const deadline = timeoutMs > 0 ? new Deadline(request, timeoutMs) : null;
  const outgoing: Outgoing = {
    method: request.method,
    target,
    headers,
    body: requestBody(session, headers, phases),
    signal: deadline === null ? request.signal : deadline.signal,
  };
  try {
    return await lanes.of(peer, outgoing).send(outgoing);
  } catch (error) {
    return failureOf(error, outgoing.signal);
  } finally {
    deadline?.[Symbol.dispose]();
  }
}

function requestBody<Ctx>(
  session: Session<Ctx>,
  headers: Headers,
  phases: ProxyHttp<Ctx>,
): ReadableStream<Uint8Array> | undefined {
  const { body } = session.request;
  if (body === null) return undefined;
  if (phases.requestBodyFilter === undefined) return body;
  headers.delete("content-length");
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      async transform(chunk, controller) {
        controller.enqueue((await phases.requestBodyFilter?.(session, chunk)) ?? chunk);
      },
    }),
  );
}

/** Ends an attempt whose head does not come in time, and still ends it when the client goes. */
class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer: Timer;
  readonly #client: AbortSignal;
  readonly #onClientGone: () => void;

  constructor(request: Request, timeoutMs: number) {
    this.#client = request.signal;
    this.#onClientGone = () => this.#controller.abort(this.#client.reason);
    this.#client.addEventListener("abort", this.#onClientGone, { once: true });
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
