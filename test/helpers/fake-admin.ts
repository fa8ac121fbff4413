import type { LiveEvents, LiveState, Tick } from "../../src/observe/live.ts";
import { pageAnswer } from "../../src/page/page.ts";

export interface Posted {
  readonly path: string;
  readonly body: unknown;
  readonly token: string | undefined;
}

/** An admin listener that tells what a test has it tell: for what a real process seldom comes to. */
export class FakeAdmin implements AsyncDisposable {
  readonly posted: Posted[] = [];
  /** Wanted of all that is posted, and of the events where `wantsTokenToRead`. */
  token: string | undefined;
  wantsTokenToRead = false;
  /** What a post is answered. */
  answer: (posted: Posted) => Response = () => Response.json({});
  /** The events answer 503 meanwhile. */
  isOut = false;
  #ticks: readonly Tick[];
  #state: LiveState;
  readonly #streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  readonly #server: Bun.Server<undefined>;

  constructor(ticks: readonly Tick[], state: LiveState) {
    this.#ticks = ticks;
    this.#state = state;
    this.#server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      idleTimeout: 0,
      fetch: (request) => this.#fetch(request),
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}/`;
  }

  /** How many watch. */
  get watchers(): number {
    return this.#streams.size;
  }

  tick(tick: Tick): void {
    this.#ticks = [...this.#ticks, tick];
    this.#tell("tick", tick);
  }

  state(state: LiveState): void {
    this.#state = state;
    this.#tell("state", state);
  }

  /** As by a process that begins: all streams end, and those that come next are told this. */
  restart(ticks: readonly Tick[], state: LiveState): void {
    this.#ticks = ticks;
    this.#state = state;
    for (const stream of this.#streams) stream.close();
    this.#streams.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
  }

  #tell<Name extends keyof LiveEvents>(name: Name, data: LiveEvents[Name]): void {
    for (const stream of this.#streams) send(stream, name, data);
  }

  async #fetch(request: Request): Promise<Response> {
    const { pathname: path } = new URL(request.url);
    const token = /^Bearer (.*)$/.exec(request.headers.get("authorization") ?? "")?.[1];
    const isUnknown = this.token !== undefined && token !== this.token;
    if (request.method === "POST") {
      const posted = { path, body: (await request.json()) as unknown, token };
      this.posted.push(posted);
      return isUnknown ? Response.json({ error: "the token is missing" }, { status: 401 }) : this.answer(posted);
    }
    if (path === "/") return await pageAnswer();
    if (path !== "/events") return new Response(null, { status: 404 });
    if (isUnknown && this.wantsTokenToRead) return new Response(null, { status: 401 });
    return this.isOut ? new Response(null, { status: 503 }) : this.#events(!isUnknown);
  }

  #events(mayWrite: boolean): Response {
    let own: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        own = controller;
        this.#streams.add(controller);
        send(controller, "history", { ticks: this.#ticks });
        send(controller, "state", { ...this.#state, mayWrite: this.#state.mayWrite && mayWrite });
      },
      cancel: () => void this.#streams.delete(own),
    });
    return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
  }
}

function send<Name extends keyof LiveEvents>(
  stream: ReadableStreamDefaultController<Uint8Array>,
  name: Name,
  data: LiveEvents[Name],
): void {
  stream.enqueue(new TextEncoder().encode(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`));
}
