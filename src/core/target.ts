/**
 * A request's target as Bun.serve hands it over, taken apart without building a URL object.
 *
 * Bun 1.4.5 gives `request.url` normalised by WHATWG rules: dot segments (also `%2e%2e`) are resolved and `\`
 * is `/`. A Host that is no authority leaves only the path there, which is how it is recognised.
 */
export type Target =
  | {
      readonly type: "ok";
      /** Path and query as they go upstream. */
      readonly target: string;
      readonly path: string;
    }
  | { readonly type: "invalid_host" | "invalid_target"; readonly reason: string };

const NO_AUTHORITY: Target = { type: "invalid_host", reason: "the Host is no authority" };
const REPEATED_HOST: Target = { type: "invalid_host", reason: "the Host is repeated" };
const FRAGMENT: Target = { type: "invalid_target", reason: "the target has a fragment" };
const NO_PATH: Target = { type: "invalid_target", reason: "the target has no path" };

/** The first place where a path may begin in `http://h/` and `https://h/` alike. */
const AUTHORITY_START = 8;

/**
 * @param url `Request.url`
 * @param host the Host field; null where there is none, which only HTTP/1.0 may do (RFC 9112 3.2)
 */
export function parseTarget(url: string, host: string | null): Target {
  let start = 0;
  if (host === null) {
    // HTTP/1.0 without Host: Bun gives the path alone.
    if (!url.startsWith("/")) start = url.indexOf("/", AUTHORITY_START);
  } else {
    // Repeated Host lines arrive joined with ", " (Bun 1.4.5); RFC 9112 3.2 wants 400 for them.
    if (host.includes(",")) return REPEATED_HOST;
    if (url.startsWith("/")) return NO_AUTHORITY;
    start = url.indexOf("/", AUTHORITY_START);
  }
  // A fragment is never part of a request target (RFC 9112 3.2.1), and fetch would cut it off unseen.
  if (start < 0) return NO_PATH;
  if (url.includes("#", start)) return FRAGMENT;
  const target = start === 0 ? url : url.slice(start);
  const query = target.indexOf("?");
  return { type: "ok", target, path: query < 0 ? target : target.slice(0, query) };
}

/** What a decoder further in could turn into a separator or a dot: worth the slow look. */
const SUSPICIOUS = /%|\\|;|\/\/|\/\./;
/** Encoded dots and separators, with the overlong forms that some old decoders accept. */
const ENCODED_DOT = /%2e|%c0%ae/gi;
const ENCODED_SLASH = /%2f|%5c|%c0%af|%c1%9c|\\/gi;
const ENCODED_PERCENT = /%25/g;
const ENCODED_SEMICOLON = /%3b/gi;
const ENCODED_OTHER = /%[0-9a-f]{2}/gi;
const PARAMETERS = /;[^/]*/g;
const MAX_DECODING_ROUNDS = 3;

/**
 * The path that the most eager origin could make of `path`: percent-encodings undone (repeatedly), path
 * parameters (`;x`) cut, `\` taken for `/`, doubled slashes joined and dot segments resolved. It is
 * never sent; a path prefix that guards something must hold for it too.
 *
 * Returns `path` itself when nothing in it can be read in two ways.
 */
export function mostEagerReading(path: string): string {
  if (!SUSPICIOUS.test(path)) return path;
  let text = path;
  for (let round = 0; round < MAX_DECODING_ROUNDS; round++) {
    const before = text;
    text = text
      .replace(ENCODED_DOT, ".")
      .replace(ENCODED_SLASH, "/")
      .replace(ENCODED_SEMICOLON, ";")
      .replace(ENCODED_OTHER, decodeAscii)
      .replace(ENCODED_PERCENT, "%");
    if (text === before) break;
  }
  const resolved: string[] = [];
  for (const segment of text.replace(PARAMETERS, "").split("/")) {
    if (segment === "" || segment === ".") continue;
    if (segment === "..") resolved.pop();
    else resolved.push(segment);
  }
  return `/${resolved.join("/")}`;
}

function decodeAscii(encoded: string): string {
  const code = Number.parseInt(encoded.slice(1), 16);
  return code >= 0x21 && code < 0x7f && code !== 0x25 ? String.fromCharCode(code) : encoded;
}
