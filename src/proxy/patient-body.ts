import { ProxyError } from "../core/errors.ts";

/**
 * A request's body whose client must go on sending it: nothing for so long, while somebody waits for it, is the end of it
 * (nginx's `client_body_timeout`). An upstream that takes it slowly is not the client's fault, and costs it nothing.
 */
export function patientBody(body: ReadableStream<Uint8Array>, timeoutMs: number): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const reading = reader.read();
        // What is here already, as a small body is nearly always, needs no timer.
        const piece = Bun.peek.status(reading) === "fulfilled" ? await reading : await inTime(reading, timeoutMs);
        if (piece === undefined) {
          const detail = `the client sent nothing of the body for ${timeoutMs} ms`;
          controller.error(new ProxyError("client_body_timeout", detail));
          void reader.cancel().catch(() => {});
        } else if (piece.done) controller.close();
        else controller.enqueue(piece.value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/** Undefined when the time is over first. */
async function inTime<T>(reading: Promise<T>, timeoutMs: number): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, timeoutMs, undefined);
  try {
    return await Promise.race([reading, late]);
  } finally {
    clearTimeout(timer);
  }
}
