import type { Session } from "./session.ts";

/** Bun gives a body in pieces of up to 1.5 MB (1.4.5). An upstream that takes one slowly still takes something. */
const PIECE_BYTES = 64 * 1024;
const NOTHING = new Uint8Array(0);

/**
 * A request's body that tells the attempt's deadline how it is taken. Only where a route has such limits: it costs a
 * turn of the event loop for each piece. Fetch asks for the first one when it has a connection (Bun 1.4.5).
 */
export function timedBody(
  session: Pick<Session<unknown>, "deadline" | "isBodyTaken">,
  body: ReadableStream<Uint8Array>,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let rest: Uint8Array = NOTHING;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        session.deadline?.onTaken();
        if (rest.length === 0) {
          const { done, value } = await reader.read();
          if (done) {
            session.isBodyTaken = true;
            controller.close();
            session.deadline?.onSent();
            return;
          }
          rest = value;
        }
        controller.enqueue(rest.subarray(0, PIECE_BYTES));
        rest = rest.subarray(PIECE_BYTES);
        session.deadline?.onPiece();
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
