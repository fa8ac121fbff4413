import { isUtf8 } from "node:buffer";
import { deflatedAtMost, inflateMessage } from "./deflate.ts";
import { CloseCode, MAX_CONTROL_BYTES, Opcode, isSendableCloseCode } from "./frame.ts";

/** Takes what a `FrameReader` finds. Payloads are views that hold good during the call only. */
export interface FrameSink {
  /** A whole text message; its UTF-8 is not checked yet. `wasCompressed` tells how it came. */
  onText(payload: Buffer, wasCompressed: boolean): void;
  onBinary(payload: Buffer, wasCompressed: boolean): void;
  onPing(payload: Buffer): void;
  onPong(payload: Buffer): void;
  /** `code` is 1005 where the frame had none. Nothing comes after it. */
  onClose(code: number, reason: string): void;
  /** The peer broke the protocol; `code` is what it is to be closed with. Nothing comes after it. */
  onViolation(code: number, what: string): void;
}

const NONE = Buffer.alloc(0);
const MASKED = 0x80;
const FIN = 0x80;
const RESERVED = 0x70;
/** RSV1 of a message's first frame: it is compressed (RFC 7692 section 6). */
const COMPRESSED = 0x40;

/**
 * Reads the unmasked frames of a server (RFC 6455 section 5) out of a byte stream that is cut anywhere, and
 * puts fragmented messages together. A message that lies whole in one piece is handed on without a copy.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #maxMessageBytes: number;
  /** The beginning of a frame's head whose rest has not come. */
  #head: Buffer = NONE;
  /** A frame's payload that is still filling. */
  #payload: Buffer | undefined = undefined;
  #filled = 0;
  #first = 0;
  #fragments: Buffer[] = [];
  #fragmentBytes = 0;
  /** Opcode of the fragmented message under way; 0 when there is none. */
  #fragmentOpcode = 0;
  #isFragmentCompressed = false;
  #ended = false;
  readonly #isDeflated: boolean;

  /** `isDeflated`: permessage-deflate was agreed on, without context takeover by the server. */
  constructor(sink: FrameSink, maxMessageBytes: number, isDeflated = false) {
    this.#sink = sink;
    this.#maxMessageBytes = maxMessageBytes;
    this.#isDeflated = isDeflated;
  }

  /** Reads no more: what comes is thrown away. */
  stop(): void {
    this.#ended = true;
    this.#head = NONE;
    this.#payload = undefined;
    this.#fragments = [];
  }

  push(piece: Buffer): void {
    let chunk = piece;
    if (this.#head.length > 0) {
      chunk = Buffer.concat([this.#head, piece]);
      this.#head = NONE;
    }
    let at = 0;
    while (!this.#ended && at < chunk.length) {
      const next = this.#payload === undefined ? this.#readFrame(chunk, at) : this.#fill(this.#payload, chunk, at);
      if (next < 0) {
        // A copy, because a view would keep the whole piece in memory.
        if (!this.#ended) this.#head = Buffer.from(chunk.subarray(at));
        return;
      }
      at = next;
    }
  }

  /** Reads the frame at `at`. Gives where the next begins, or -1 when its head is not all there. */
  #readFrame(chunk: Buffer, at: number): number {
    const there = chunk.length - at;
    if (there < 2) return -1;
    const first = chunk[at] as number;
    const second = chunk[at + 1] as number;
    let length = second & 0x7f;
    let begin = at + 2;
    if (length === 126) {
      if (there < 4) return -1;
      length = chunk.readUInt16BE(begin);
      begin += 2;
    } else if (length === 127) {
      if (there < 10) return -1;
      length = chunk.readUInt32BE(begin) * 2 ** 32 + chunk.readUInt32BE(begin + 4);
      begin += 8;
    }
    if (!this.#check(first, second, length)) return -1;
    this.#first = first;
    const end = begin + length;
    if (end <= chunk.length) {
      this.#frame(first, chunk.subarray(begin, end), false);
      return end;
    }
    this.#payload = Buffer.allocUnsafeSlow(length);
    this.#filled = 0;
    return begin;
  }

  #fill(payload: Buffer, chunk: Buffer, at: number): number {
    const count = Math.min(payload.length - this.#filled, chunk.length - at);
    chunk.copy(payload, this.#filled, at, at + count);
    this.#filled += count;
    if (this.#filled === payload.length) {
      this.#payload = undefined;
      this.#frame(this.#first, payload, true);
    }
    return at + count;
  }

  #check(first: number, second: number, length: number): boolean {
    const opcode = first & 0x0f;
    const mayCompress = this.#isDeflated && (opcode === Opcode.text || opcode === Opcode.binary);
    // Only an extension that was agreed on gives a reserved bit a meaning (section 5.2).
    if ((first & RESERVED & (mayCompress ? ~COMPRESSED : RESERVED)) !== 0)
      return this.#violate("reserved bits are set");
    if ((second & MASKED) !== 0) return this.#violate("a server's frame is masked");
    if (opcode >= Opcode.close) {
      if (opcode > Opcode.pong) return this.#violate(`unknown opcode ${opcode}`);
      if ((first & FIN) === 0) return this.#violate("a control frame is fragmented");
      if (length > MAX_CONTROL_BYTES) return this.#violate("a control frame is too long");
      return true;
    }
    if (opcode > Opcode.binary) return this.#violate(`unknown opcode ${opcode}`);
    if (opcode === Opcode.continuation && this.#fragmentOpcode === 0) {
      return this.#violate("a continuation without a beginning");
    }
    if (opcode !== Opcode.continuation && this.#fragmentOpcode !== 0) {
      return this.#violate("a message begins inside another");
    }
    const isCompressed = opcode === Opcode.continuation ? this.#isFragmentCompressed : (first & COMPRESSED) !== 0;
    // A compressed message is measured when it was inflated; one that cannot be compressed is longer on the wire.
    const most = isCompressed ? deflatedAtMost(this.#maxMessageBytes) : this.#maxMessageBytes;
    if (this.#fragmentBytes + length > most) {
      return this.#violate(`a message is over ${this.#maxMessageBytes} bytes`, CloseCode.tooBig);
    }
    return true;
  }

  /** `isOwn` tells that the payload is no view of a piece, so that a fragment may be kept without a copy. */
  #frame(first: number, payload: Buffer, isOwn: boolean): void {
    const opcode = first & 0x0f;
    if (opcode >= Opcode.close) this.#control(opcode, payload);
    else if ((first & FIN) !== 0 && this.#fragmentOpcode === 0)
      this.#message(opcode, payload, (first & COMPRESSED) !== 0);
    else this.#fragment(first, isOwn ? payload : Buffer.from(payload));
  }

  #fragment(first: number, payload: Buffer): void {
    if (this.#fragmentOpcode === 0) {
      this.#fragmentOpcode = first & 0x0f;
      this.#isFragmentCompressed = (first & COMPRESSED) !== 0;
    }
    this.#fragments.push(payload);
    this.#fragmentBytes += payload.length;
    if ((first & FIN) === 0) return;
    const opcode = this.#fragmentOpcode;
    const whole = Buffer.concat(this.#fragments);
    this.#fragments = [];
    this.#fragmentBytes = 0;
    this.#fragmentOpcode = 0;
    this.#message(opcode, whole, this.#isFragmentCompressed);
  }

  #message(opcode: number, received: Buffer, wasCompressed: boolean): void {
    const payload = wasCompressed ? inflateMessage(received, this.#maxMessageBytes) : received;
    if (payload === "too big") this.#violate(`a message is over ${this.#maxMessageBytes} bytes`, CloseCode.tooBig);
    else if (payload === "bad") this.#violate("a compressed message is broken", CloseCode.invalidText);
    else if (opcode === Opcode.text) this.#sink.onText(payload, wasCompressed);
    else this.#sink.onBinary(payload, wasCompressed);
  }

  #control(opcode: number, payload: Buffer): void {
    if (opcode === Opcode.ping) this.#sink.onPing(payload);
    else if (opcode === Opcode.pong) this.#sink.onPong(payload);
    else this.#close(payload);
  }

  /** Section 5.5.1: nothing, or a code and a reason in UTF-8. */
  #close(payload: Buffer): void {
    if (payload.length === 0) {
      this.stop();
      this.#sink.onClose(CloseCode.noStatus, "");
      return;
    }
    const code = payload.length === 1 ? 0 : payload.readUInt16BE(0);
    const reason = payload.subarray(2);
    if (!isSendableCloseCode(code)) this.#violate(`close code ${code}`);
    else if (!isUtf8(reason)) this.#violate("a close reason is not UTF-8", CloseCode.invalidText);
    else {
      this.stop();
      this.#sink.onClose(code, reason.toString("utf8"));
    }
  }

  #violate(what: string, code: number = CloseCode.protocolError): false {
    this.stop();
    this.#sink.onViolation(code, what);
    return false;
  }
}
