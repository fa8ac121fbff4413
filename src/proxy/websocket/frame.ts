/** Opcodes of RFC 6455 section 5.2. */
export const Opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
export type Opcode = (typeof Opcode)[keyof typeof Opcode];

/** Close codes that this proxy gives of its own accord (RFC 6455 section 7.4.1 and the IANA registry). */
export const CloseCode = {
  /** The close frame had no code. Never on the wire. */
  noStatus: 1005,
  /** The connection ended without a close frame. Never on the wire. */
  abnormal: 1006,
  protocolError: 1002,
  invalidText: 1007,
  tooBig: 1009,
  /** "Bad gateway": what a client is told when its upstream broke the protocol. */
  badGateway: 1014,
} as const;

/** True for a code that may stand in a close frame (RFC 6455 section 7.4, and 1012-1014 of the registry). */
export function isSendableCloseCode(code: number): boolean {
  if (code >= 3000) return code <= 4999;
  return code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006;
}

/** The longest payload of a control frame (RFC 6455 section 5.5). */
export const MAX_CONTROL_BYTES = 125;

const PAYLOAD_AT = 16;
const PAYLOAD_WORD = PAYLOAD_AT / 4;
const MASK_WORD = PAYLOAD_WORD - 1;
const SCRATCH_BYTES = 64 * 1024;
const RANDOM_KEYS = 1024;
const FIN = 0x80;
const MASKED = 0x80;

/**
 * Makes the masked frames that a client sends (RFC 6455 section 5.3). One for all sockets of a worker: the frame
 * stands in `bytes` from `start` to `end` until the next call, so a message makes no garbage. Frames over
 * 64 KiB get memory of their own, which the caller may keep (`isOwned`).
 */
export class FrameEncoder {
  readonly #scratch = Buffer.allocUnsafeSlow(PAYLOAD_AT + SCRATCH_BYTES);
  readonly #scratchWords = wordsOf(this.#scratch);
  readonly #keys = new Int32Array(RANDOM_KEYS);
  #nextKey = RANDOM_KEYS;
  bytes: Buffer = this.#scratch;
  start = 0;
  end = 0;

  get length(): number {
    return this.end - this.start;
  }

  /** False when `bytes` will be overwritten by the next frame. */
  get isOwned(): boolean {
    return this.bytes !== this.#scratch;
  }

  /** Frees the memory of a large frame once it was sent. */
  release(): void {
    this.bytes = this.#scratch;
  }

  text(message: string): void {
    // A UTF-16 unit is at most three bytes of UTF-8; only a long text has to be measured first.
    const most = message.length * 3;
    if (most <= SCRATCH_BYTES) {
      this.#finish(Opcode.text, this.#scratch.write(message, PAYLOAD_AT, "utf8"), this.#scratchWords);
      return;
    }
    const length = Buffer.byteLength(message);
    const words = this.#room(length);
    this.bytes.write(message, PAYLOAD_AT, "utf8");
    this.#finish(Opcode.text, length, words);
  }

  data(opcode: Opcode, payload: Uint8Array): void {
    const words = this.#room(payload.length);
    this.bytes.set(payload, PAYLOAD_AT);
    this.#finish(opcode, payload.length, words);
  }

  /** `code` 1005 makes a close frame without a code, as it was received. `reason` must fit in 123 bytes. */
  close(code: number, reason: string): void {
    let length = 0;
    if (code !== CloseCode.noStatus) {
      this.#scratch.writeUInt16BE(code, PAYLOAD_AT);
      length = 2 + this.#scratch.write(reason, PAYLOAD_AT + 2, MAX_CONTROL_BYTES - 2, "utf8");
    }
    this.#finish(Opcode.close, length, this.#scratchWords);
  }

  #room(length: number): Int32Array {
    if (length <= SCRATCH_BYTES) return this.#scratchWords;
    this.bytes = Buffer.allocUnsafeSlow(PAYLOAD_AT + Math.ceil(length / 4) * 4);
    return wordsOf(this.bytes);
  }

  /** Writes the head before the payload, and masks the payload where it stands. */
  #finish(opcode: Opcode, length: number, words: Int32Array): void {
    if (words === this.#scratchWords) this.bytes = this.#scratch;
    const { bytes } = this;
    let start: number;
    if (length < 126) {
      start = PAYLOAD_AT - 6;
      bytes[start + 1] = MASKED | length;
    } else if (length < 65_536) {
      start = PAYLOAD_AT - 8;
      bytes[start + 1] = MASKED | 126;
      bytes[start + 2] = length >>> 8;
      bytes[start + 3] = length & 0xff;
    } else {
      start = PAYLOAD_AT - 14;
      bytes[start + 1] = MASKED | 127;
      bytes.writeUInt32BE(Math.floor(length / 2 ** 32), start + 2);
      bytes.writeUInt32BE(length >>> 0, start + 6);
    }
    bytes[start] = FIN | opcode;
    const key = this.#key();
    words[MASK_WORD] = key;
    const end = PAYLOAD_WORD + ((length + 3) >>> 2);
    for (let i = PAYLOAD_WORD; i < end; i++) words[i] = (words[i] as number) ^ key;
    this.start = start;
    this.end = PAYLOAD_AT + length;
  }

  /** A key that the sender of the message cannot foresee (RFC 6455 section 10.3). */
  #key(): number {
    if (this.#nextKey === RANDOM_KEYS) {
      crypto.getRandomValues(this.#keys);
      this.#nextKey = 0;
    }
    return this.#keys[this.#nextKey++] as number;
  }
}

function wordsOf(bytes: Buffer): Int32Array {
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
}
