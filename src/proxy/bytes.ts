import { isUtf8 } from "node:buffer";

/**
 * Field values and targets are bytes, and Bun gives and takes them with one char for each (1.4.5). Whatever goes into
 * one is kept in that form, so that nothing is encoded twice and nothing is refused for a char above `ÿ`.
 */

// oxlint-disable-next-line no-control-regex -- all of ASCII
const ASCII = /^[\u0000-\u007f]*$/;

/** A text as the bytes of its UTF-8. */
export function bytesOfText(text: string): string {
  return ASCII.test(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

/** For a text that may be decoded UTF-8 (out of a path), or bytes already (out of a field). */
export function bytesOfEither(text: string): string {
  if (ASCII.test(text)) return text;
  const mayBeBytes = !/[^\u0000-\u00ff]/.test(text); // oxlint-disable-line no-control-regex -- all that is one byte
  return mayBeBytes && isUtf8(Buffer.from(text, "latin1")) ? text : bytesOfText(text);
}

/** Undoes percent-encodings. One that is broken stays as it is. */
export function decodePercentBytes(text: string): string {
  if (!text.includes("%")) return text;
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** Bytes as they may be written out, to a body. */
export function buffered(bytes: string): Buffer<ArrayBuffer> {
  return Buffer.from(bytes, "latin1");
}
