/** A character of a string is one to three bytes of UTF-8: counted only where that decides. */
export function isLonger(message: string | Buffer, bytes: number): boolean {
  if (typeof message !== "string") return message.length > bytes;
  return message.length * 3 > bytes && Buffer.byteLength(message) > bytes;
}
