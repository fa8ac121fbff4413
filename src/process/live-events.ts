import type { LiveEvents } from "../observe/live.ts";
import type { RunningProcess } from "./control-client.ts";

/** One event of a running process, by its name. */
export type LiveEvent = {
  readonly [Name in keyof LiveEvents]: { readonly name: Name; readonly data: LiveEvents[Name] };
}[keyof LiveEvents];

export interface LiveEventsOptions {
  /** What `/events` is asked for, beside how all stands: `exchanges`, `status=5xx`. */
  readonly query: URLSearchParams;
  /** Ends it from this side. */
  readonly end: AbortSignal;
}

/**
 * What a running process tells, until either side ends it. It comes over the control socket, so that it needs no admin
 * listener, and nobody sees it who may not speak to the process. Rejects where the process goes, or does not tell.
 */
export async function* liveEvents(
  { socket }: Pick<RunningProcess, "socket">,
  { query, end }: LiveEventsOptions,
): AsyncGenerator<LiveEvent, void> {
  const init = { unix: socket, proxy: "", timeout: false, signal: end };
  const answer = await fetch(`http://gatekeeper/events?${query}`, init as BunFetchRequestInit);
  if (!answer.ok || answer.body === null) throw new NotToldError(`it does not tell what happens (${answer.status})`);
  const reader = new EventReader();
  const decoder = new TextDecoder();
  for await (const piece of answer.body) yield* reader.take(decoder.decode(piece, { stream: true }));
}

/** The process is there, and tells nothing: another version of gatekeeper, or too many watch it. */
export class NotToldError extends Error {}

/** Reads what `EventStream` writes: a name and one line of data each; the rest is comments. */
export class EventReader {
  #rest = "";

  /** The events that are whole with this piece. */
  *take(piece: string): Generator<LiveEvent, void> {
    const blocks = (this.#rest + piece).split("\n\n");
    this.#rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
      if (name !== undefined && data !== undefined) yield { name, data: JSON.parse(data) } as LiveEvent;
    }
  }
}
