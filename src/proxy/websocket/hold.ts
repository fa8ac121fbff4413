import type { WebSocketHoldConfig } from "../../config/model.ts";
import type { UpstreamSocket } from "./upstream-socket.ts";

/** Pauses between dials grow up to this. */
const LONGEST_PAUSE_MS = 5_000;

/**
 * With more than this waiting the client is paused. Not before: a client that is not read cannot be seen to leave
 * (Bun 1.4.5).
 */
const MOST_WAITING_BYTES = 256 * 1024;

/** Whether a close code is that of an upstream that comes back: it goes away, or restarts (RFC 6455 7.4.1, IANA). */
export function isReturning(code: number): boolean {
  return code === 1001 || code === 1012;
}

/** What a dial in a hold came to: a new upstream, nobody there yet, or one that does not want this client. */
export type HoldOutcome = UpstreamSocket | "not_yet" | "refused";

/** How the bridge of a route that holds its clients gets a new upstream. */
export interface HoldOptions {
  readonly config: WebSocketHoldConfig;
  /** One dial, with the same handshake as the first. */
  readonly dial: (signal: AbortSignal) => Promise<HoldOutcome>;
  /** The client is held: its upstream is gone. */
  readonly onHeld: () => void;
  /** It goes on, or is given up. */
  readonly onOver: (isResumed: boolean) => void;
}

/** A client that is kept while its upstream is away: dials until there is a new one, its time is over, or it is ended. */
export class Hold {
  readonly #options: HoldOptions;
  readonly #controller = new AbortController();
  /** What the client had sent already when it was paused, in order. */
  readonly #waiting: (string | Buffer)[] = [];
  #waitingBytes = 0;

  constructor(options: HoldOptions) {
    this.#options = options;
  }

  /** Keeps a message for the new upstream. True when no more should come. */
  keep(message: string | Buffer): boolean {
    // Bun may use a buffer's memory again.
    this.#waiting.push(typeof message === "string" ? message : Buffer.from(message));
    this.#waitingBytes += message.length;
    return this.#waitingBytes > MOST_WAITING_BYTES;
  }

  /** What was kept, in order; once. */
  takeKept(): readonly (string | Buffer)[] {
    return this.#waiting.splice(0);
  }

  /** Undefined: there is no new upstream, and there will be none. */
  async run(): Promise<UpstreamSocket | undefined> {
    const { config, dial } = this.#options;
    const { signal } = this.#controller;
    const endAt = performance.now() + config.limitMs;
    const timer = setTimeout(() => this.#controller.abort(), config.limitMs);
    using _ = { [Symbol.dispose]: () => clearTimeout(timer) };
    for (let pauseMs = config.intervalMs; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      const outcome = await dial(signal);
      if (outcome === "refused") return undefined;
      if (outcome !== "not_yet") {
        if (!signal.aborted) return outcome;
        outcome.terminate();
      }
      const leftMs = endAt - performance.now();
      if (signal.aborted || leftMs <= 0) return undefined;
      await sleep(Math.min(pauseMs, leftMs), signal);
      if (signal.aborted) return undefined;
    }
  }

  /** Ends the dials. */
  cancel(): void {
    this.#controller.abort();
  }
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  signal.addEventListener(
    "abort",
    () => {
      clearTimeout(timer);
      resolve();
    },
    { once: true },
  );
  return promise;
}
