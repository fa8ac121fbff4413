import { Payload, WrongContent } from "../payload.ts";
import { routeOf } from "./exchange.ts";
import { HANGS_MS, type Stage } from "./load.ts";

/** Messages that are on their way at once. */
const AHEAD = 4;
const USUAL_BYTES = 20_000;
const LARGE_BYTES = 1_000_000;
/** Before a client says the next thing. */
const MOST_PAUSE_MS = 100;

/** A WebSocket on which each message has to come back, whole, the same and in its turn. */
export class Conversation implements Disposable {
  readonly #socket: WebSocket;
  readonly #stage: Stage;
  readonly #end = Promise.withResolvers<void>();
  readonly #hangs: Timer;
  #expected: (string | Buffer)[] = [];
  #left: number;
  #bytes = 0;
  #isClosing = false;

  constructor(stage: Stage, messages: number) {
    this.#stage = stage;
    this.#left = messages;
    this.#socket = new WebSocket(`ws://${stage.address}${routeOf(stage)}/ws`);
    this.#socket.binaryType = "nodebuffer";
    this.#socket.onopen = () => {
      for (let i = 0; i < AHEAD; i++) this.#say();
    };
    this.#socket.onmessage = ({ data }: MessageEvent<string | Buffer>) => this.#hear(data);
    this.#socket.onclose = ({ code }) => this.#closed(code);
    this.#hangs = setTimeout(() => this.#fail(new Error("a WebSocket hangs")), HANGS_MS);
    // Whoever breaks it off does not wait for its end.
    this.#end.promise.catch(() => {});
  }

  /** Resolves with the bytes that came back when all is said and it was closed as it should. */
  async over(): Promise<number> {
    await this.#end.promise;
    return this.#bytes;
  }

  /** The client is gone from one moment to the next. */
  [Symbol.dispose](): void {
    clearTimeout(this.#hangs);
    this.#socket.onclose = null;
    this.#socket.onmessage = null;
    this.#socket.terminate();
    this.#end.resolve();
  }

  #say(): void {
    if (this.#left === 0 || this.#socket.readyState !== WebSocket.OPEN) return;
    this.#left--;
    const { dice } = this.#stage;
    const bytes = new Payload(dice.seed(), dice.between(0, dice.oneIn(40) ? LARGE_BYTES : USUAL_BYTES)).bytes();
    const message = dice.oneIn(3) ? bytes.toString("base64") : bytes;
    this.#expected.push(message);
    this.#socket.send(message);
  }

  #hear(data: string | Buffer): void {
    const [expected, ...later] = this.#expected;
    const isSame =
      typeof expected === "string" || typeof data === "string" ? data === expected : expected?.equals(data);
    if (isSame !== true)
      return this.#fail(new WrongContent(`a message of ${data.length} for one of ${expected?.length}`));
    this.#expected = later;
    this.#bytes += data.length;
    if (this.#left > 0) return void setTimeout(() => this.#say(), this.#stage.dice.between(0, MOST_PAUSE_MS));
    if (later.length > 0) return;
    this.#isClosing = true;
    this.#socket.close(1000, "said");
  }

  #closed(code: number): void {
    clearTimeout(this.#hangs);
    if (this.#isClosing && code === 1000) this.#end.resolve();
    else this.#end.reject(new Error(`a WebSocket was closed with ${code}`));
  }

  #fail(error: Error): void {
    this.#end.reject(error);
    this[Symbol.dispose]();
  }
}
