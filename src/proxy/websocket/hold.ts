import type { WebSocketHoldConfig } from "../../config/model.ts";
import type { UpstreamSocket } from "./upstream-socket.ts";

/** Pauses between dials grow up to this. */
const LONGEST_PAUSE_MS = 5_000;

/** An upstream that goes sooner than this was not really back: the hold before goes on. */
const SETTLED_AFTER_MS = 1_000;

/**
 * With more than this waiting the client is paused. Not before: a client that is not read cannot be seen to leave
 * (Bun 1.4.5).
 */
const MOST_WAITING_BYTES = 256 * 1024;

/** What a message costs besides its bytes, so that empty ones are not kept without end. */
const MESSAGE_COST_BYTES = 64;

/** Whether a close code is that of an upstream that comes back: it goes away, or restarts (RFC 6455 7.4.1, IANA). */
export function isReturning(code: number): boolean {
  return code === 1001 || code === 1012;
}

/** A new upstream for a client that is held. */
export interface Regained {
  readonly socket: UpstreamSocket;
  /** Its peer's name, for the log. */
  readonly peer: string;
}

/** What a dial in a hold came to: a new upstream, nobody there yet, or one that does not want this client. */
export type HoldOutcome = Regained | "not_yet" | "refused";

/** How the bridge of a route that holds its clients gets a new upstream. */
export interface HoldOptions {
  readonly config: WebSocketHoldConfig;
  /** Asks every peer that is available once, with the same handshake as the first. */
  readonly dial: (signal: AbortSignal) => Promise<HoldOutcome>;
  /** The client is held: its upstream is gone. */
  readonly onHeld: () => void;
  /** It goes on, with the upstream that `dial` gave. */
  readonly onRegained: () => void;
}

/** A client that is kept while its upstream is away: dials until there is a new one, its time is over, or it is ended. */
export class Hold {
  /** Frames that the upstream before was not given any more: they go first. */
  readonly unsent: readonly Buffer[];
  readonly #options: HoldOptions;
  readonly #controller = new AbortController();
  /** What the client had sent already when it was paused, in order. */
  readonly #waiting: (string | Buffer)[] = [];
  #waitingBytes = 0;
  readonly #endAt: number;
  #pauseMs: number;
  #endedAt = 0;
  /** The first dial is not made at once. */
  readonly #isWary: boolean;

  /** @param before the hold before this one; undefined for the first of a client */
  constructor(options: HoldOptions, unsent: readonly Buffer[], before: Hold | undefined) {
    this.#options = options;
    this.unsent = unsent;
    const { limitMs, intervalMs } = options.config;
    const now = performance.now();
    const goesOn = before !== undefined && now - before.#endedAt < SETTLED_AFTER_MS;
    this.#isWary = goesOn;
    this.#endAt = goesOn ? before.#endAt : now + limitMs;
    this.#pauseMs = goesOn ? before.#pauseMs : intervalMs;
  }

  /** No more should come from the client. */
  get isFull(): boolean {
    return this.#waitingBytes > MOST_WAITING_BYTES;
  }

  /** Keeps a message for the new upstream. */
  keep(message: string | Buffer): void {
    // Bun may use a buffer's memory again.
    this.#waiting.push(typeof message === "string" ? message : Buffer.from(message));
    this.#waitingBytes += message.length + MESSAGE_COST_BYTES;
  }

  /** What was kept, in order; once. */
  takeKept(): readonly (string | Buffer)[] {
    return this.#waiting.splice(0);
  }

  /** Undefined: there is no new upstream, and there will be none. Never rejects where `dial` does not. */
  async run(): Promise<Regained | undefined> {
    const { signal } = this.#controller;
    const timer = setTimeout(() => this.#controller.abort(), this.#endAt - performance.now());
    using _ = { [Symbol.dispose]: () => clearTimeout(timer) };
    if (this.#isWary) await this.#pause();
    while (!signal.aborted) {
      const outcome = await this.#options.dial(signal);
      if (outcome === "refused") return undefined;
      if (outcome !== "not_yet") {
        this.#endedAt = performance.now();
        if (!signal.aborted) return outcome;
        outcome.socket.terminate();
        return undefined;
      }
      await this.#pause();
    }
    return undefined;
  }

  /** Ends the dials. */
  cancel(): void {
    this.#controller.abort();
  }

  async #pause(): Promise<void> {
    const { signal } = this.#controller;
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, this.#pauseMs);
    const wake = (): void => resolve();
    signal.addEventListener("abort", wake);
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    await promise;
    clearTimeout(timer);
    signal.removeEventListener("abort", wake);
  }
}
