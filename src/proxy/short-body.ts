import { estimateShallowMemoryUsageOf } from "bun:jsc";
import { UNCOUNTED_BYTES } from "./observation.ts";
import type { ProxyHttp } from "./phases.ts";
import type { Session } from "./session.ts";

/**
 * Whether `takeShortBody` is to be asked for a request's body before its first attempt.
 *
 * @param headers as they go upstream
 */
export function mayBeShort<Ctx>(session: Session<Ctx>, headers: Headers, phases: ProxyHttp<Ctx>): boolean {
  if (session.isOrdinary || session.upstreamBody !== undefined || phases.requestBodyFilter !== undefined) return false;
  const length = lengthOf(headers);
  return length > 0 && length <= UNCOUNTED_BYTES;
}

/**
 * Takes a short body as bytes where all of it is here one turn of the event loop after the head, as nearly always: fetch
 * spends half as much on bytes as on a stream. Otherwise the body stays as it is, to be passed on while it comes; nobody
 * waits for it.
 *
 * Bun 1.4.5 has no question for it, but what a clone has is there at once when all has come. Of a body of which some has
 * come a clone makes two streams; of one of which nothing has, nothing is made: the estimate of the request's memory
 * grows with its first piece.
 */
export async function takeShortBody(session: Session<unknown>, headers: Headers): Promise<void> {
  const { request } = session;
  const before = estimateShallowMemoryUsageOf(request);
  await nextTurn();
  if (request.signal.aborted || estimateShallowMemoryUsageOf(request) === before) return;
  const taking = request.clone().bytes();
  const there = Bun.peek(taking);
  if (!(there instanceof Uint8Array)) taking.catch(() => {});
  else if (there.length === lengthOf(headers)) session.upstreamBody = there;
}

/** The body where it was taken as bytes; undefined for a stream, and for none. */
export function wholeBody({ upstreamBody }: Session<unknown>): Uint8Array | undefined {
  return upstreamBody instanceof Uint8Array ? upstreamBody : undefined;
}

/** Whether the request has a body that goes as a stream. */
export function hasStream(session: Session<unknown>): boolean {
  return wholeBody(session) === undefined && session.request.body !== null;
}

/** A stream of bytes that are here. */
export function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
}

function nextTurn(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setImmediate(resolve);
  return promise;
}

function lengthOf(headers: Headers): number {
  return Number(headers.get("content-length") ?? 0);
}
