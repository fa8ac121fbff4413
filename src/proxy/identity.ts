import type { RequestIdConfig } from "../config/model.ts";
import { parseTraceParent, traceParentText } from "../core/trace-context.ts";
import { isTrusted } from "../core/trust.ts";
import type { GatewaySession } from "./gateway-ctx.ts";
import type { RandomHex } from "./random-hex.ts";

/** What a client's identifier may be made of: nothing that a log, a shell or a page takes for more than a word. */
const CLIENTS_ID = /^[\w.~:/+=@-]{1,128}$/;
const SAMPLED = "01";
const TRACE_BYTES = 16;
const SPAN_BYTES = 8;

/** The span of a request that the proxy stands for. */
export interface Trace {
  readonly traceId: string;
  readonly spanId: string;
  /** What goes upstream. */
  readonly parent: string;
  /** It begins here: what the client said of a state belongs to no trace. */
  readonly isNew: boolean;
}

/** Gives requests an identifier and a place in a trace, and tells upstreams and clients of them. */
export class Identity {
  readonly #requestId: RequestIdConfig | undefined;
  readonly #random: RandomHex | undefined;

  /** @param random undefined: no part is taken in traces, whose fields pass as they are */
  constructor(requestId: RequestIdConfig | undefined, random: RandomHex | undefined) {
    this.#requestId = requestId;
    this.#random = random;
  }

  /** To be called before anything looks at the request; again it changes nothing. */
  begin(session: GatewaySession): void {
    const { ctx } = session;
    if (ctx.uuid !== undefined || ctx.trace !== undefined) return;
    const config = this.#requestId;
    if (config !== undefined) {
      const id = clientsId(session, config.field) ?? Bun.randomUUIDv7();
      ctx.uuid = id;
      if (config.answers) session.echo = { name: config.field, value: id };
    }
    if (this.#random !== undefined) ctx.trace = traceOf(session, this.#random);
  }

  /** Writes them into what goes upstream. */
  send(headers: Headers, { ctx }: GatewaySession): void {
    if (this.#requestId !== undefined && ctx.uuid !== undefined) headers.set(this.#requestId.field, ctx.uuid);
    const { trace } = ctx;
    if (trace === undefined) return;
    headers.set("traceparent", trace.parent);
    if (trace.isNew) headers.delete("tracestate");
  }
}

/** What a trusted proxy before this one calls the request. */
function clientsId({ downstream, request, remoteAddress }: GatewaySession, field: string): string | undefined {
  if (downstream.trusted === undefined) return undefined;
  const given = request.headers.get(field);
  if (given === null || !CLIENTS_ID.test(given)) return undefined;
  return isTrusted(downstream.trusted, remoteAddress) ? given : undefined;
}

/** A `traceparent` that is none is as good as none (W3C Trace Context 4.3). */
function traceOf({ request }: GatewaySession, random: RandomHex): Trace {
  const given = request.headers.get("traceparent");
  const before = given === null ? undefined : parseTraceParent(given);
  const traceId = before?.traceId ?? random.next(TRACE_BYTES);
  const spanId = random.next(SPAN_BYTES);
  const parent = traceParentText(traceId, spanId, before?.flags ?? SAMPLED);
  return { traceId, spanId, parent, isNew: before === undefined };
}
