import type { BridgeData } from "../bridge.ts";
import { CloseCode } from "./frame.ts";

/** The client's socket. Bun does its frames, its close handshake, and answers its pings. */
export type ClientSocket = Bun.ServerWebSocket<BridgeData>;

/** Pongs that may wait for a client to read them. Bun makes them by itself, and without a limit (Bun 1.4.5). */
const MOST_PONGS_WAITING = 1_000;

/** The client's side of a bridge: what is sent to it, how it lives, and how it is ended. */
export class ClientEnd {
  readonly #socket: ClientSocket;
  /** How it is to be ended, once that is decided. */
  #end: { readonly code: number; readonly reason: string } | undefined = undefined;
  /** The backlog when the sweep last looked. */
  #backlogSeen = 0;
  /** Pings that came while something waited for the client. */
  #pongsWaiting = 0;
  /** The connection is over, and this was noticed. */
  isOver = false;
  /** Bytes came since the sweep last looked. */
  sawLife = true;

  constructor(socket: ClientSocket) {
    this.#socket = socket;
  }

  /** Bytes that wait for the client to read. */
  get backlog(): number {
    return this.isOver ? 0 : this.#socket.getBufferedAmount();
  }

  get isPaused(): boolean {
    return this.#socket.isPaused;
  }

  /** True when a sign of life, or progress with its backlog, was seen since this was last asked. */
  hasLived(): boolean {
    const { backlog } = this;
    const lived = this.sawLife || backlog < this.#backlogSeen;
    this.#backlogSeen = backlog;
    this.sawLife = false;
    return lived;
  }

  /** `isCompressible`: to be compressed, if the client takes that. */
  sendText(message: string, isCompressible: boolean): void {
    if (this.#end === undefined) this.#socket.sendText(message, isCompressible);
  }

  sendBinary(message: Buffer, isCompressible: boolean): void {
    // A Buffer of ours never lies in shared memory, which is all that the narrower type says.
    if (this.#end === undefined) this.#socket.sendBinary(message as Buffer<ArrayBuffer>, isCompressible);
  }

  ping(payload: Buffer): void {
    this.#socket.ping(payload as Buffer<ArrayBuffer>);
  }

  pong(payload: Buffer): void {
    this.#socket.pong(payload as Buffer<ArrayBuffer>);
  }

  pause(): void {
    this.#socket.pause();
  }

  /** To be asked at each ping. True when a client sends them and does not read what Bun answers. */
  owesTooManyPongs(): boolean {
    if (this.backlog > 0) this.#pongsWaiting++;
    return this.#pongsWaiting > MOST_PONGS_WAITING;
  }

  resume(): void {
    if (!this.isOver && this.#socket.isPaused) this.#socket.resume();
  }

  /** Calls `read`; what is sent meanwhile goes out together. True when not all of it could. */
  gather(read: () => void): boolean {
    if (this.isOver) {
      read();
      return false;
    }
    this.#socket.cork(read);
    return !this.flush();
  }

  /** Called when there may be room. False while something waits; otherwise ends it, where that was decided. */
  flush(): boolean {
    if (this.isOver) return true;
    if (this.#socket.getBufferedAmount() > 0) return false;
    this.#pongsWaiting = 0;
    if (this.#end !== undefined) this.#finish(this.#end.code, this.#end.reason);
    return true;
  }

  /**
   * Ends it behind what it has yet to read: with a close frame, or abruptly for 1006. The first call decides.
   * `terminate` of Bun throws away what waits, and its `close` gives a slow client about 5 s for it (Bun 1.4.5):
   * with a backlog the end waits for the drain, or for the sweep to find that nothing is read any more.
   */
  close(code: number, reason: string): void {
    if (this.isOver || this.#end !== undefined) return;
    this.#end = { code, reason };
    if (this.#socket.getBufferedAmount() === 0) this.#finish(code, reason);
  }

  /** Ends it at once, whatever waits. */
  terminate(): void {
    if (!this.isOver) this.#socket.terminate();
  }

  #finish(code: number, reason: string): void {
    // Bun runs the `close` handler before these return (Bun 1.4.5).
    if (code === CloseCode.abnormal) this.#socket.terminate();
    else this.#socket.close(code, reason);
  }
}
