import { isAuthority } from "./authority.ts";

/**
 * A request's target as Bun.serve hands it over, taken apart without building a URL object.
 *
 * Bun 1.4.5 gives `request.url` normalised by WHATWG rules: dot segments (also `%2e%2e`) are resolved and `\`
 * is `/`. Where it cannot parse the Host it normalises nothing: then there is no target.
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
  if (host === null) {
    // HTTP/1.0 without Host: Bun gives the path alone and as it came, so it is normalised here like all others.
    return url.startsWith("/") ? parseTarget(new URL(`http://localhost${url}`).href, "localhost") : NO_AUTHORITY;
  }
  // Repeated Host lines arrive joined with ", " (Bun 1.4.5); RFC 9112 3.2 wants 400 for them.
  if (host.includes(",")) return REPEATED_HOST;
  if (url.startsWith("/") || !isAuthority(host)) return NO_AUTHORITY;
  const start = url.indexOf("/", AUTHORITY_START);
  // A fragment is never part of a request target (RFC 9112 3.2.1), and fetch would cut it off unseen.
  if (start < 0) return NO_PATH;
  if (url.includes("#", start)) return FRAGMENT;
  const target = url.slice(start);
  const query = target.indexOf("?");
  return { type: "ok", target, path: query < 0 ? target : target.slice(0, query) };
}

/** What can hide a dot or a separator, or stand beside one. */
const SUSPICIOUS = /%|\\|;|\/\./;
const ENCODED_PERCENT = /%(?:25)+/g;
/** Overlong, fullwidth and look-alike forms which some decoders turn into a plain dot or slash. */
const MEANT: Readonly<Record<string, string>> = {
  "%c0%ae": ".",
  "%e0%80%ae": ".",
  "%f0%80%80%ae": ".",
  "%ef%bc%8e": ".",
  "%uff0e": ".",
  "%c0%af": "/",
  "%e0%80%af": "/",
  "%f0%80%80%af": "/",
  "%ef%bc%8f": "/",
  "%uff0f": "/",
  "%e2%88%95": "/",
  "%u2215": "/",
  "%c1%9c": "/",
  "%ef%bc%bc": "/",
  "%uff3c": "/",
};
const ENCODED = new RegExp(`${Object.keys(MEANT).join("|")}|%u00[0-7][0-9a-f]|%[0-7][0-9a-f]`, "gi");
/** More nesting than this is nobody's honest path, and would cost time. */
const MAX_DECODING_ROUNDS = 4;
/** Two or more dots between whatever anyone may take for the end of a segment, or of the path. */
const CLIMB = /(?:^|[/\\;?#\0])\.\.+(?:$|[/\\;?#\0])/;
/** Skipped or cut off by some readers. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const BLANK = /[\u0001-\u0020\u007f]/g;

/**
 * Whether someone further in could read a step upwards (`..`) into `path`: with percent-encodings undone once or
 * several times, path parameters (`;x`) cut, `\` taken for `/`, or the path cut at an encoded NUL, `?` or `#`.
 * Readers differ in which of these they do, so that counting segments proves nothing: a path inside a prefix stays
 * inside it for all of them only when there is no such step at all.
 */
export function mayClimb(path: string): boolean {
  if (!SUSPICIOUS.test(path)) return false;
  let text = path;
  for (let round = 0; round < MAX_DECODING_ROUNDS; round++) {
    const before = text;
    text = text.replace(ENCODED_PERCENT, "%").replace(ENCODED, decode);
    if (text === before) return CLIMB.test(text.replace(BLANK, ""));
  }
  return true;
}

function decode(encoded: string): string {
  const meant = MEANT[encoded.toLowerCase()];
  return meant ?? String.fromCharCode(Number.parseInt(encoded.slice(-2), 16));
}
