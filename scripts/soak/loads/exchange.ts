import { Checksum, Payload, WrongContent } from "../payload.ts";
import { HANGS_MS, type Stage } from "./load.ts";

/** A payload as the origin's query has it. */
export interface Wanted {
  readonly seed: number;
  readonly length: number;
}

/** What routes the target of an exchange may begin with; each is one with its own way of going on. */
export function routeOf({ dice }: Stage): string {
  return dice.pick(["", "/timed", "/capped", "/exact"]);
}

export interface Options {
  readonly method?: string;
  readonly body?: BunFetchRequestInit["body"];
  readonly signal?: AbortSignal;
  /** A connection of its own. */
  readonly isAlone?: boolean;
}

/** Sends a request and gives its answer, which is a 200. */
export async function send({ address, session }: Stage, target: string, options: Options = {}): Promise<Response> {
  const hangs = AbortSignal.timeout(HANGS_MS);
  const init: BunFetchRequestInit = {
    method: options.method ?? "GET",
    signal: options.signal === undefined ? hangs : AbortSignal.any([options.signal, hangs]),
    session,
    proxy: false,
    timeout: false,
  };
  if (options.body !== undefined) init.body = options.body;
  if (options.isAlone === true) init.keepalive = false;
  const answer = await fetch(`http://${address}${target}`, init);
  if (answer.status === 200) return answer;
  await answer.body?.cancel();
  throw new Error(`answered ${answer.status}: ${answer.headers.get("proxy-status") ?? "by the origin"}`);
}

/** Reads an answer to its end, by so many milliseconds a piece. Rejects where it is not what was wanted. */
export async function check(answer: Response, { seed, length }: Wanted, pauseMs = 0): Promise<number> {
  const received = new Checksum();
  if (answer.body !== null) {
    for await (const piece of answer.body) {
      received.add(piece);
      if (pauseMs > 0) await Bun.sleep(pauseMs);
    }
  }
  if (received.bytes !== length)
    throw new WrongContent(`a whole answer of ${received.bytes} bytes in place of ${length}`);
  if (received.hex() !== new Payload(seed, length).checksum)
    throw new WrongContent(`another answer of ${length} bytes`);
  return length;
}

/** A payload on its way up, piece by piece. */
export function streamOf(payload: Payload, pauseMs: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  const pieces = payload.pieces();
  return new ReadableStream(
    {
      async pull(controller) {
        if (pauseMs > 0) await Bun.sleep(pauseMs);
        const { done, value } = pieces.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
    },
    { highWaterMark: 0 },
  );
}
