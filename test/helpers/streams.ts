/** An origin with everything that a reload could break, on a port of its own choosing. */
export interface StreamsOrigin extends AsyncDisposable {
  readonly port: number;
  /** WebSockets that are open. */
  readonly sockets: number;
  /** Close codes of those that are not any more. */
  readonly closeCodes: readonly number[];
  /** Event streams that are open. */
  readonly streams: number;
  /** Sends an event to every stream. */
  tick(): void;
  /** Answers the requests to /slow that wait. */
  release(): void;
  /** Resolves when so many requests to /slow wait. */
  waiting(count: number): Promise<void>;
}

/** Answers with `name`; WebSockets are echoed, `/events` is an event stream, `/slow` waits for `release`. */
export function startStreamsOrigin(name: string): StreamsOrigin {
  const closeCodes: number[] = [];
  const streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  let sockets = 0;
  let slow: (() => void)[] = [];
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(request, own) {
      if (own.upgrade(request)) return undefined;
      const { pathname } = new URL(request.url);
      if (pathname.endsWith("/events")) {
        let kept: ReadableStreamDefaultController<Uint8Array>;
        const body = new ReadableStream<Uint8Array>({
          start(controller) {
            kept = controller;
            streams.add(controller);
            controller.enqueue(bytes("data: hello\n\n"));
          },
          cancel: () => void streams.delete(kept),
        });
        return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
      }
      if (pathname.endsWith("/slow")) await new Promise<void>((resolve) => slow.push(resolve));
      return new Response(name, { headers: { "X-Seen": request.headers.get("x-edited") ?? "" } });
    },
    websocket: {
      idleTimeout: 0,
      open: () => void sockets++,
      message: (socket, message) => void socket.send(message),
      close(_socket, code) {
        sockets--;
        closeCodes.push(code);
      },
    },
  });
  return {
    port: server.port as number,
    get sockets() {
      return sockets;
    },
    closeCodes,
    get streams() {
      return streams.size;
    },
    tick: () => streams.forEach((controller) => controller.enqueue(bytes("data: tick\n\n"))),
    release() {
      const all = slow;
      slow = [];
      for (const answer of all) answer();
    },
    waiting: (count) => until(() => slow.length >= count, `${count} requests to wait`),
    async [Symbol.asyncDispose]() {
      await server.stop(true);
    },
  };
}

/** A WebSocket whose end is noted. */
export class NotedSocket implements Disposable {
  readonly socket: WebSocket;
  /** Undefined while it is open. */
  closeCode: number | undefined = undefined;
  /** Of its end, by the clock of `performance.now()`. */
  closedAt = 0;
  #echoed: (() => void) | undefined = undefined;

  private constructor(url: string, options: Bun.WebSocketOptions) {
    this.socket = new WebSocket(url, options);
    this.socket.addEventListener("close", ({ code }) => {
      this.closeCode = code;
      this.closedAt = performance.now();
    });
    this.socket.addEventListener("message", () => this.#echoed?.());
  }

  static async open(url: string, options: Bun.WebSocketOptions = {}): Promise<NotedSocket> {
    const noted = new NotedSocket(url, options);
    await new Promise<void>((resolve, reject) => {
      noted.socket.addEventListener("open", () => resolve());
      noted.socket.addEventListener("close", ({ code }) => reject(new Error(`refused: ${code}`)));
    });
    return noted;
  }

  /** Sends a message and waits for its echo. */
  async echo(bytes = 4): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#echoed = resolve;
    this.socket.addEventListener("close", ({ code }) => reject(new Error(`closed with ${code}`)), { once: true });
    if (this.closeCode !== undefined) reject(new Error(`closed with ${this.closeCode}`));
    this.socket.send(Buffer.alloc(bytes, "a"));
    await promise;
  }

  [Symbol.dispose](): void {
    this.socket.close();
  }
}

/** An event stream that is read to its end. */
export class NotedStream implements Disposable {
  text = "";
  /** "clean" as EventSource takes up again; undefined while it is open. */
  ending: "clean" | "broken" | undefined = undefined;
  readonly #controller = new AbortController();

  /** Opens it and waits for the first event. */
  static async open(url: string): Promise<NotedStream> {
    const noted = new NotedStream();
    const answer = await fetch(url, { signal: noted.#controller.signal, keepalive: false });
    if (answer.status !== 200 || answer.body === null) throw new Error(`an event stream answered ${answer.status}`);
    void noted.#read(answer.body);
    await until(() => noted.text.includes("data: hello") || noted.ending !== undefined, "the first event");
    return noted;
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    try {
      for await (const piece of body) this.text += decoder.decode(piece, { stream: true });
      this.ending = "clean";
    } catch {
      this.ending = "broken";
    }
  }

  [Symbol.dispose](): void {
    this.#controller.abort();
  }
}

/** Waits for a condition. */
export async function until(condition: () => boolean, what: string, deadlineMs = 5_000): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${deadlineMs} ms for ${what}`);
    await Bun.sleep(5);
  }
}
