import { CloseCode } from "./frame.ts";

/** Bun's words for a client's message over `maxPayloadLength`; the code it gives is 1006 (Bun 1.4.5). */
const BUN_TOO_BIG = "Received too big message";

/** Whether Bun ended a client for a message over `maxPayloadLength`. */
export function wasTooBig(code: number, reason: string): boolean {
  return code === CloseCode.abnormal && reason === BUN_TOO_BIG;
}

/** A character of a string is one to three bytes of UTF-8: counted only where that decides. */
export function isLonger(message: string | Buffer, bytes: number): boolean {
  if (typeof message !== "string") return message.length > bytes;
  return message.length * 3 > bytes && Buffer.byteLength(message) > bytes;
}
