import type { TellEvent } from "./admin-handlers.ts";

/** So much may wait for a reader; one that is slower is let go, and comes again by itself. */
const MOST_WAITING_BYTES = 1024 * 1024;
/** A proxy between would take a silent stream for a dead one. */
const HEARTBEAT_MS = 15_000;
/** After so long a browser asks again when the stream broke off. */
const RETRY_MS = 1_000;

export const EVENTS_TYPE = { "Content-Type": "text/event-stream; charset=utf-8" };

export interface EventStreamOptions {
  /** Begins to tell; what it told after the end is dropped. */
  readonly watch: (tell: TellEvent, end: AbortSignal) => void;
  /** The listener ends. */
  readonly closing: AbortSignal;
  /** Called once, when it is over, however that came. */
  readonly onOver?: () => void;
  /** So long it may be silent. Default 15 s. */
  readonly heartbeatMs?: number;
}

/** One reader of `/events`: server-sent events (HTML Standard, 9.2) until either side ends it. */
export class EventStream {
  readonly body: ReadableStream<Uint8Array>;
  readonly #options: EventStreamOptions;
  readonly #end = new AbortController();
  readonly #encoder = new TextEncoder();
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined = undefined;
  #heartbeat: Timer | undefined = undefined;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.body = new ReadableStream<Uint8Array>(
      { start: (controller) => this.#start(controller), cancel: () => this.#over() },
      new ByteLengthQueuingStrategy({ highWaterMark: MOST_WAITING_BYTES }),
    );
  }

  #start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller;
    const { closing, watch } = this.#options;
    closing.addEventListener("abort", this.#close);
    this.#send(`retry: ${RETRY_MS}\n\n`);
    const tell: TellEvent = (name, data) => this.#send(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
    watch(tell, this.#end.signal);
  }

  #send(text: string): void {
    const controller = this.#controller;
    if (controller === undefined) return;
    clearTimeout(this.#heartbeat);
    controller.enqueue(this.#encoder.encode(text));
    if ((controller.desiredSize ?? 0) > 0) {
      this.#heartbeat = setTimeout(() => this.#send(":\n\n"), this.#options.heartbeatMs ?? HEARTBEAT_MS);
      return;
    }
    this.#over();
    // Without a reason, or Bun prints it (1.4.5).
    controller.error();
  }

  readonly #close = (): void => {
    const controller = this.#controller;
    this.#over();
    controller?.close();
  };

  #over(): void {
    if (this.#controller === undefined) return;
    this.#controller = undefined;
    clearTimeout(this.#heartbeat);
    this.#options.closing.removeEventListener("abort", this.#close);
    this.#end.abort();
    this.#options.onOver?.();
  }
}
