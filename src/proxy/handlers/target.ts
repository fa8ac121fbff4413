import type { GatewaySession } from "../gateway-ctx.ts";

/**
 * Sends another path upstream, and another query where one is given. The path becomes one that can be sent: it begins
 * with one slash (an origin that redirects to `//a` would send the browser to a host `a`), and has no dot segments,
 * which stripping may make out of an honest path (`/api../x` without `/api`).
 * @param rest what comes after the path: "" or from the `?` on; default: as it is
 */
export function retarget(session: GatewaySession, path: string, rest?: string): void {
  const target = sendablePath(path) + (rest ?? session.target.slice(session.path.length));
  if (target !== session.target) session.rewrite(target);
}

const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:\/|$)/i;

function sendablePath(path: string): string {
  const rooted = `/${path.replace(/^\/+/, "")}`;
  return DOT_SEGMENT.test(rooted) ? resolveDots(rooted) : rooted;
}

function resolveDots(path: string): string {
  const kept: string[] = [];
  const segments = path.slice(1).split("/");
  for (const [i, segment] of segments.entries()) {
    const plain = segment.replace(/%2e/gi, ".");
    if (plain === "..") kept.pop();
    if (plain !== "." && plain !== "..") kept.push(segment);
    // The last one names a folder.
    else if (i === segments.length - 1) kept.push("");
  }
  return `/${kept.join("/").replace(/^\/+/, "")}`;
}

/** RFC 3986 3.3: what a path may hold as it is; a query may have `?` beside it. */
const NOT_IN_PATH = /%(?![0-9a-f]{2})|[^\w\-.~!$&'()*+,;=:@/%]/gi;
const NOT_IN_QUERY = /%(?![0-9a-f]{2})|[^\w\-.~!$&'()*+,;=:@/%?]/gi;

/** Percent-encodes what a path cannot hold, `?` and `#` too. What is encoded already stays as it is. */
export function encodePath(bytes: string): string {
  return bytes.replace(NOT_IN_PATH, percentEncode);
}

/** The same for a query. */
export function encodeQuery(bytes: string): string {
  return bytes.replace(NOT_IN_QUERY, percentEncode);
}

/** A value within a path: a `%` in it is one, not the start of an encoding. */
export function encodePathValue(bytes: string): string {
  return encodePath(bytes.replaceAll("%", "%25"));
}

/** A value within a query, as a form sends it (Go's `url.QueryEscape`). */
export function encodeQueryValue(bytes: string): string {
  return bytes.replace(/[^\w\-.~ ]/g, percentEncode).replaceAll(" ", "+");
}

function percentEncode(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}
