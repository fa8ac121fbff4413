import { ProxyError } from "../core/errors.ts";
import { removeResponseHopByHop } from "../core/fields.ts";
import type { Peer } from "../upstream/peer.ts";
import { CLIENT_GONE, pump, READ_TIMEOUT, wholeBody } from "./body.ts";
import type { BufferBudget } from "./budget.ts";
import { failureOf } from "./failure.ts";
import type { ProxyHttp, ResponseHead } from "./phases.ts";
import type { Session } from "./session.ts";

/** Statuses that never have a body (RFC 9110 6.4.1, 15.4.5). */
function isBodiless(status: number, method: string): boolean {
  return status === 204 || status === 304 || method === "HEAD";
}

/** Passes an upstream's answer to the client: fields, then the body in the form that changes it least. */
export class Answer<Ctx> {
  readonly #phases: ProxyHttp<Ctx>;
  readonly #budget: BufferBudget;

  constructor(phases: ProxyHttp<Ctx>, budget: BufferBudget) {
    this.#phases = phases;
    this.#budget = budget;
  }

  /** A `ProxyError` when the body broke off while it was gathered, before anything went to the client. */
  async pass(session: Session<Ctx>, peer: Peer, upstream: Response): Promise<Response | ProxyError> {
    const phases = this.#phases;
    phases.connectedToUpstream?.(session, peer);
    const { headers } = upstream;
    removeResponseHopByHop(headers);
    const head: ResponseHead = { status: upstream.status, headers };
    if (phases.upstreamResponseFilter !== undefined) await phases.upstreamResponseFilter(session, head);
    if (phases.responseFilter !== undefined) await phases.responseFilter(session, head);
    session.status = head.status;
    const lengthText = headers.get("content-length");
    if (isBodiless(head.status, session.method) || lengthText === "0") {
      this.#end(session, peer);
      return head.status === upstream.status ? upstream : new Response(null, head);
    }
    const length = lengthText === null ? -1 : Number(lengthText);
    if (length > 0 && length <= peer.options.responseBufferBytes && phases.responseBodyFilter === undefined) {
      if (this.#budget.take(length)) return this.#gather(session, peer, upstream, head, length);
    }
    return this.#stream(session, peer, upstream, head);
  }

  async #gather(
    session: Session<Ctx>,
    peer: Peer,
    upstream: Response,
    head: ResponseHead,
    length: number,
  ): Promise<Response | ProxyError> {
    try {
      const bytes = await upstream.bytes();
      if (bytes.length !== length) {
        return new ProxyError("http_protocol_error", `the body has ${bytes.length} of ${length} bytes`);
      }
      this.#end(session, peer);
      return new Response(wholeBody(bytes as Uint8Array<ArrayBuffer>, head.headers.has("content-type")), head);
    } catch (error) {
      return failureOf(error, session.request.signal);
    } finally {
      this.#budget.give(length);
    }
  }

  #stream(session: Session<Ctx>, peer: Peer, upstream: Response, head: ResponseHead): Response {
    const { body } = upstream;
    if (body === null) {
      this.#end(session, peer);
      return new Response(null, head);
    }
    const filter = this.#phases.responseBodyFilter;
    const options = {
      filter: filter === undefined ? undefined : (chunk: Uint8Array) => filter.call(this.#phases, session, chunk),
      readTimeoutMs: peer.options.timeouts.readMs,
      isEventStream: isEventStream(head.headers),
    };
    const stream = pump(body, options, (error) => {
      if (error !== undefined) session.error = bodyFailure(error, session);
      this.#end(session, peer);
    });
    return new Response(stream, head);
  }

  #end(session: Session<Ctx>, peer: Peer): void {
    peer.inFlight--;
    session.restoreIdleTimeout();
    this.#phases.logging?.(session);
  }
}

function bodyFailure(error: unknown, session: Session): ProxyError {
  if (error === CLIENT_GONE) return new ProxyError("client_gone", "the client closed its connection within the answer");
  if (error === READ_TIMEOUT) return new ProxyError("read_timeout", "the upstream was silent within its answer");
  return failureOf(error, session.request.signal);
}

/** Without an encoding of its own, so that a comment can be put before it. */
function isEventStream(headers: Headers): boolean {
  return headers.get("content-type")?.startsWith("text/event-stream") === true && !headers.has("content-encoding");
}
