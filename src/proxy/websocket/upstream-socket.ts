import type { SocketOwner, UpstreamTcp } from "../connect.ts";
import { ByteQueue } from "./byte-queue.ts";
import { CloseCode, type FrameEncoder, Opcode } from "./frame.ts";
import { FrameReader, type FrameSink } from "./frame-reader.ts";
import { UnsentFrames } from "./unsent-frames.ts";

/** What becomes of an upstream WebSocket, told to the bridge. */
export interface UpstreamListener extends FrameSink {
  /** Calls `read`, gathering what is sent to the client meanwhile into as few writes as possible. */
  gather(read: () => void): void;
  /** What was held back has been sent. */
  onWritable(): void;
  /** The connection is over. `isClean` is false when no close frame had come. Called once. */
  onEnd(isClean: boolean, error: Error | undefined): void;
}

export interface UpstreamSocketOptions {
  readonly encoder: FrameEncoder;
  readonly maxMessageBytes: number;
  /** permessage-deflate was agreed on. Messages to the upstream are never compressed, which is allowed. */
  readonly isDeflated: boolean;
  /** Messages that its connection never took are given back by `leave`. */
  readonly keepsUnsent: boolean;
}

/**
 * The upstream's side of a bridge after its 101: frames over a raw socket, because Bun's WebSocket client tells
 * neither when a full socket has drained, nor lets a ping through without answering it itself (Bun 1.4.5).
 */
export class UpstreamSocket implements SocketOwner {
  readonly #socket: UpstreamTcp;
  readonly #encoder: FrameEncoder;
  readonly #options: UpstreamSocketOptions;
  readonly #queue = new ByteQueue();
  /** Undefined where nothing is given back. */
  readonly #unsent: UnsentFrames | undefined;
  #listener: UpstreamListener | undefined = undefined;
  #reader: FrameReader | undefined = undefined;
  #chunk: Buffer;
  #read: (() => void) | undefined = undefined;
  #isPaused = true;
  #closeSent = false;
  #closeReceived = false;
  /** No more is written: FIN goes out when the queue is empty. */
  #isEnding = false;
  #isOver = false;
  /** Bytes, or room for bytes, came since the sweep last looked. */
  #sawLife = true;

  /** Takes over a socket that is paused; `early` is what came behind the 101. */
  constructor(socket: UpstreamTcp, early: Buffer, options: UpstreamSocketOptions) {
    this.#socket = socket;
    // A view of nothing would keep the whole piece in memory that the 101 came in.
    this.#chunk = early.length === 0 ? NONE : early;
    this.#encoder = options.encoder;
    this.#options = options;
    if (options.keepsUnsent) this.#unsent = new UnsentFrames();
    socket.data = this;
  }

  /** Bytes that wait for the upstream to read. */
  get backlog(): number {
    return this.#isOver ? 0 : this.#queue.length;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** permessage-deflate was agreed on. */
  get isDeflated(): boolean {
    return this.#options.isDeflated;
  }

  /** The connection is over, and this was noticed. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** True when a sign of life, or progress with its backlog, was seen since this was last asked. */
  hasLived(): boolean {
    const lived = this.#sawLife;
    this.#sawLife = false;
    return lived;
  }

  /** Begins to hand on what comes, first what came behind the 101. */
  start(listener: UpstreamListener): void {
    this.#listener = listener;
    this.#reader = new FrameReader(listener, this.#options.maxMessageBytes, this.#options.isDeflated);
    // Before the early bytes are read, so that a pause they lead to holds. What comes anew comes in a later turn.
    this.resume();
    if (this.#chunk.length > 0) this.#gather(listener);
    if (this.#isOver) listener.onEnd(this.#closeReceived, undefined);
  }

  sendText(message: string): void {
    if (this.#closeSent || this.#isEnding) return;
    this.#encoder.text(message);
    this.#write();
  }

  sendBinary(message: Uint8Array): void {
    if (this.#closeSent || this.#isEnding) return;
    this.#encoder.data(Opcode.binary, message);
    this.#write();
  }

  ping(payload: Uint8Array): void {
    if (this.#closeSent || this.#isEnding) return;
    this.#encoder.data(Opcode.ping, payload);
    this.#write();
  }

  pong(payload: Uint8Array): void {
    if (this.#closeSent || this.#isEnding) return;
    this.#encoder.data(Opcode.pong, payload);
    this.#write();
  }

  /** Sends a close frame behind what waits, once. The upstream answers with its own and ends the connection. */
  close(code: number, reason: string): void {
    if (this.#closeSent || this.#isEnding) return;
    this.#closeSent = true;
    this.#encoder.close(code === CloseCode.abnormal ? CloseCode.noStatus : code, reason);
    this.#write();
    this.resume();
  }

  /**
   * Ends without a close frame, which the upstream sees as 1006, behind what waits. What it still sends is
   * read and thrown away: a socket closed with bytes unread sends RST, and that would take back what it was sent.
   */
  abort(): void {
    this.#reader?.stop();
    this.#end();
    this.resume();
  }

  /** Ends at once, whatever waits. */
  terminate(): void {
    this.#queue.clear();
    if (!this.#isOver) this.#socket.terminate();
  }

  /** A frame that another one gave back. */
  sendFrame(frame: Buffer): void {
    if (this.#closeSent || this.#isEnding) return;
    this.#put(frame, 0, frame.length, true);
  }

  /**
   * Nobody listens to it any more: what it still sends is thrown away, as is what waits for it. Gives the frames of messages
   * of which its connection has taken nothing, in order.
   */
  leave(): readonly Buffer[] {
    this.#listener = undefined;
    this.#reader?.stop();
    this.resume();
    if (this.#queue.length === 0) return [];
    const frames = this.#unsent?.of(this.#queue.rest()) ?? [];
    this.#unsent?.clear();
    this.#queue.clear();
    // Behind part of a frame no close frame can follow.
    this.#closeSent = true;
    return frames;
  }

  pause(): void {
    // After our close frame it is read to its end, whatever the client does.
    if (this.#isPaused || this.#isOver || this.#isEnding || this.#closeSent) return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#isPaused || this.#isOver) return;
    this.#isPaused = false;
    this.#socket.resume();
  }

  /** Notes that the upstream's close frame came, and answers it (RFC 6455 section 5.5.1). */
  acknowledgeClose(code: number): void {
    this.#closeReceived = true;
    if (!this.#closeSent) this.close(code, "");
    this.#end();
  }

  onOpen(): void {}
  onHandshake(): void {}

  onData(chunk: Buffer): void {
    this.#sawLife = true;
    this.#chunk = chunk;
    if (this.#listener !== undefined) this.#gather(this.#listener);
  }

  onDrain(): void {
    const before = this.#queue.length;
    if (before === 0) return;
    this.#queue.drain((bytes, start, count) => this.#socket.write(bytes, start, count));
    if (this.#queue.length < before) this.#sawLife = true;
    if (this.#queue.length > 0) return;
    this.#unsent?.clear();
    if (this.#isEnding) this.#socket.shutdown();
    else this.#listener?.onWritable();
  }

  onEnd(error: Error | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#unsent === undefined) this.#queue.clear();
    this.#listener?.onEnd(this.#closeReceived, error);
  }

  #gather(listener: UpstreamListener): void {
    // Made once, and only for a socket that gets something: a message makes no closure, an idle socket has none.
    this.#read ??= () => {
      const chunk = this.#chunk;
      this.#chunk = NONE;
      this.#reader?.push(chunk);
    };
    listener.gather(this.#read);
  }

  #write(): void {
    const encoder = this.#encoder;
    this.#put(encoder.bytes, encoder.start, encoder.end, encoder.isOwned);
    encoder.release();
  }

  /** Writes one frame, or what there is room for. @param isOwned nobody else will write to these bytes */
  #put(bytes: Buffer, start: number, end: number, isOwned: boolean): void {
    const unsent = this.#unsent;
    let taken = this.#queue.length > 0 ? 0 : this.#socket.write(bytes, start, end - start);
    // -1 from a socket that is gone: its end is told by onEnd, and the bytes have nowhere to go, unless to another one.
    if (taken < 0 && unsent !== undefined) taken = 0;
    if (taken < 0 || taken === end - start) return;
    unsent?.add(end - start);
    if (isOwned) this.#queue.keep(bytes.subarray(start + taken, end));
    else this.#queue.copy(bytes, start + taken, end);
  }

  #end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    // shutdown() is a half-close: end() would close both directions at once (Bun 1.4.5), and the upstream's
    // late bytes would then be answered with RST.
    if (this.#queue.length === 0 && !this.#isOver) this.#socket.shutdown();
  }
}

const NONE = Buffer.alloc(0);
