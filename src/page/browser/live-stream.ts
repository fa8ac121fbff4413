import type { History, LiveState, Tick } from "../../observe/live.ts";
import { waitBefore } from "./back-off.ts";
import { EventParser } from "./event-stream.ts";

/** How it stands with `/events`. */
export type Connection =
  | { readonly type: "connecting" }
  | { readonly type: "open" }
  | { readonly type: "lost"; readonly since: number; readonly why: string }
  /** A token is wanted; nothing more is tried before there is another one. */
  | { readonly type: "refused" };

export interface LiveStreamOptions {
  readonly token: () => string | undefined;
  readonly onHistory: (history: History) => void;
  readonly onTick: (tick: Tick) => void;
  readonly onState: (state: LiveState) => void;
  readonly onConnection: (connection: Connection) => void;
}

/** An event comes each second: after so long without one the connection is taken for dead. */
const SILENCE_MS = 6_000;

/**
 * `/events` until the page goes, connected again whenever it ends. By fetch, since an EventSource cannot carry a token
 * and does not tell a 401 from an outage.
 */
export class LiveStream {
  readonly #options: LiveStreamOptions;
  #attempts = 0;
  #lostAt: number | undefined;
  #waiting: number | undefined;
  #current = new AbortController();

  constructor(options: LiveStreamOptions) {
    this.#options = options;
  }

  start(): void {
    this.#options.onConnection({ type: "connecting" });
    this.connect();
    addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.#hurry();
    });
  }

  /** Anew, whatever is: with another token, for instance. */
  connect(): void {
    this.#current.abort();
    this.#current = new AbortController();
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
    void this.#run(this.#current);
  }

  /** Now rather than after the wait. */
  #hurry(): void {
    if (this.#waiting !== undefined) this.connect();
  }

  async #run(current: AbortController): Promise<void> {
    const why = await this.#follow(current).catch(() => "it broke");
    if (this.#current !== current || why === undefined) return;
    this.#lostAt ??= Date.now();
    this.#options.onConnection({ type: "lost", since: this.#lostAt, why });
    this.#attempts += 1;
    this.#waiting = setTimeout(() => this.connect(), waitBefore(this.#attempts));
  }

  /** Resolves with why it ended; undefined where a token is wanted first. */
  async #follow(current: AbortController): Promise<string | undefined> {
    let silence = setTimeout(() => current.abort(), SILENCE_MS);
    // What is silent is not waited for: the wait before the next attempt begins.
    const silent = new Promise<string>((resolve) => {
      current.signal.addEventListener("abort", () => resolve("nothing came for a while"));
    });
    const heard = (): void => {
      clearTimeout(silence);
      silence = setTimeout(() => current.abort(), SILENCE_MS);
    };
    try {
      return await Promise.race([silent, this.#read(current.signal, heard)]);
    } finally {
      clearTimeout(silence);
    }
  }

  async #read(signal: AbortSignal, heard: () => void): Promise<string | undefined> {
    const token = this.#options.token();
    const headers = { Accept: "text/event-stream", ...(token !== undefined && { Authorization: `Bearer ${token}` }) };
    // With a token of its own, what the browser knows of passwords is kept out, and its own dialog for them too.
    const credentials = token === undefined ? "same-origin" : "omit";
    const asked = fetch("/events", { headers, signal, credentials, cache: "no-store" });
    const answer = await asked.catch(() => undefined);
    if (answer === undefined) return "it does not answer";
    if (answer.status === 401) {
      this.#options.onConnection({ type: "refused" });
      return undefined;
    }
    if (!answer.ok || answer.body === null) return `it answered ${answer.status}`;
    const parser = new EventParser();
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return "it was ended";
      heard();
      for (const { name, data } of parser.take(value)) this.#tell(name, data);
    }
  }

  #tell(name: string, data: string): void {
    this.#attempts = 0;
    this.#lostAt = undefined;
    this.#options.onConnection({ type: "open" });
    const { onHistory, onTick, onState } = this.#options;
    if (name === "history") onHistory(JSON.parse(data) as History);
    else if (name === "tick") onTick(JSON.parse(data) as Tick);
    else if (name === "state") onState(JSON.parse(data) as LiveState);
  }
}
