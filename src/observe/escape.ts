import { isUtf8 } from "node:buffer";

// oxlint-disable-next-line no-control-regex -- all of ASCII
const ASCII = /^[\u0000-\u007f]*$/;

/** Bytes, one char for each, as the UTF-8 that they may be. */
export function textOf(bytes: string): string {
  if (ASCII.test(bytes)) return bytes;
  const buffer = Buffer.from(bytes, "latin1");
  return isUtf8(buffer) ? buffer.toString("utf8") : bytes;
}

/** What stands in a JSON string as it is, and obeys nobody. */
const PLAIN_JSON = /^[ !#-[\]-~]*$/;
/** What a terminal obeys, what turns the order of what is read, and what some readers take for the end of a line. */
const CONTROL =
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** A text as a JSON string with its quotes. */
export function jsonString(text: string): string {
  if (PLAIN_JSON.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(CONTROL, (char) => `\\u${hex(char, 4)}`);
}

/** The same of bytes. */
export function jsonBytes(bytes: string): string {
  return PLAIN_JSON.test(bytes) ? `"${bytes}"` : jsonString(textOf(bytes));
}

/** A text for people's eyes. */
export function shown(text: string): string {
  return text.replace(CONTROL, (char) => (char < "\u0100" ? `\\x${hex(char, 2)}` : `\\u${hex(char, 4)}`));
}

/** What nginx does not escape. */
const PLAIN_LOG = /^[ !#-[\]-~]*$/;
const UNSAFE_LOG = /[^ !#-[\]-~]/g;
const UNSAFE_NAME = /[^!#-Z^-~]/g;

/** Bytes as nginx writes them (its `log_format` with `escape=default`): `"`, `\`, controls and all past ASCII as `\xHH`. */
export function logBytes(bytes: string): string {
  return PLAIN_LOG.test(bytes) ? bytes : bytes.replace(UNSAFE_LOG, byteEscape);
}

/** A text that stands without quotes: what ends it there is escaped, too. */
export function logName(text: string): string {
  return Buffer.from(text).toString("latin1").replace(UNSAFE_NAME, byteEscape);
}

/** A char past one byte stands for its bytes in UTF-8. */
function byteEscape(char: string): string {
  if (char <= "\u00ff") return `\\x${hex(char, 2).toUpperCase()}`;
  return [...Buffer.from(char)].map((byte) => `\\x${byte.toString(16).toUpperCase()}`).join("");
}

function hex(char: string, digits: number): string {
  return char.charCodeAt(0).toString(16).padStart(digits, "0");
}
