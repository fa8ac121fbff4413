/**
 * The ways in which a path is read before a pattern is held against it, after Caddy: percent-encodings undone, `.` and
 * `..` resolved, slashes merged, in small letters. What goes upstream stays as it is; whether an origin could read
 * it as yet another path is a question for `mayClimb` (core/target.ts).
 */

/** What any of the steps below would change. Nearly no honest path has it. */
const UNUSUAL = /[%A-Z\u0080-\uffff]|\/(?:\/|\.{1,2}(?:\/|$))/;
const UNUSUAL_IN_ANY_CASE = /[%\u0080-\uffff]|\/(?:\/|\.{1,2}(?:\/|$))/;
const NOT_ASCII = /[^\0-\x7f]/;
const EACH_NOT_ASCII = /[^\0-\x7f]/gu;

/** Decoded, cleaned, in small letters: what Caddy's `path` compares. Returns the very same string where it can. */
export function foldPath(path: string): string {
  return UNUSUAL.test(path) ? cleanPath(foldCase(decodePercent(path)), "merge") : path;
}

/** Decoded and cleaned, letters as they are: what Caddy's `path_regexp` looks at. */
function readPath(path: string): string {
  return UNUSUAL_IN_ANY_CASE.test(path) ? cleanPath(decodePercent(path), "merge") : path;
}

/**
 * Small letters as Go's `strings.ToLower` makes them: each letter for itself (JavaScript gives a sigma at the end of a
 * word another letter), and `İ` becomes a plain `i`.
 */
export function foldCase(text: string): string {
  if (!NOT_ASCII.test(text)) return text.toLowerCase();
  return text.replace(EACH_NOT_ASCII, (letter) => (letter === "İ" ? "i" : letter.toLowerCase())).toLowerCase();
}

/** Undoes percent-encodings once. One that is broken stays as it is (Caddy refuses such a target with 400). */
export function decodePercent(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return decodeBytes(text);
  }
}

/** The slow way, for what is no UTF-8 or has a `%` that encodes nothing: in one pass, as a client may send nothing else. */
function decodeBytes(text: string): string {
  const bytes = Buffer.from(text);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const high = bytes[at] === PERCENT ? hexDigit(bytes[at + 1]) : -1;
    const low = high < 0 ? -1 : hexDigit(bytes[at + 2]);
    if (low >= 0) at += 2;
    bytes[length++] = low < 0 ? (bytes[at] ?? 0) : high * 16 + low;
  }
  return bytes.toString("utf8", 0, length);
}

const PERCENT = 0x25;

function hexDigit(code = 0): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/**
 * Resolves `.` and `..`, which never lead above the root. `merge` takes several slashes for one; `keep` takes what is
 * between two of them for a segment like any other, which `..` takes away. A slash at the end stays.
 */
export function cleanPath(path: string, slashes: "merge" | "keep"): string {
  // Such as the `*` of OPTIONS.
  if (!path.startsWith("/")) return path;
  const isFolder = path.endsWith("/");
  const parts = path.slice(1, isFolder && path.length > 1 ? -1 : undefined).split("/");
  const kept: string[] = [];
  for (const part of parts) {
    if (part === "..") kept.pop();
    else if (part !== "." && (part !== "" || (slashes === "keep" && path.length > 1))) kept.push(part);
  }
  return kept.length === 0 ? "/" : `/${kept.join("/")}${isFolder ? "/" : ""}`;
}

/** One way of reading, which remembers the last path, so that all patterns of a lookup share one reading of it. */
export class PathReading {
  readonly #read: (path: string) => string;
  #path = "";
  #text = "";

  constructor(read: (path: string) => string) {
    this.#read = read;
  }

  of(path: string): string {
    if (path !== this.#path) {
      this.#text = this.#read(path);
      this.#path = path;
    }
    return this.#text;
  }
}

/** All readings, for the matchers of one list of routes. */
export interface PathReadings {
  readonly folded: PathReading;
  /** Folded, with repeated slashes kept: for patterns that have `//`. */
  readonly foldedSlashes: PathReading;
  /** Cleaned and in small letters, but not decoded: for patterns that have `%`. */
  readonly escaped: PathReading;
  readonly escapedSlashes: PathReading;
  /** Decoded and cleaned, letters as they are: for regular expressions. */
  readonly cleaned: PathReading;
}

export function createPathReadings(): PathReadings {
  return {
    folded: new PathReading(foldPath),
    foldedSlashes: new PathReading((path) => cleanPath(foldCase(decodePercent(path)), "keep")),
    escaped: new PathReading((path) => cleanPath(foldCase(path), "merge")),
    escapedSlashes: new PathReading((path) => cleanPath(foldCase(path), "keep")),
    cleaned: new PathReading(readPath),
  };
}
