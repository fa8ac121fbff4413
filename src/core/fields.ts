import { FieldSets, hasAll, namesOf } from "./field-sets.ts";

/**
 * Header fields that concern one connection only and never cross a proxy (RFC 9110 7.6.1). Caddy's list.
 * `TE: trailers` is kept by Caddy; Bun's fetch hands no trailers on, so we never ask for them.
 */
const HOP_BY_HOP = [
  "connection",
  "proxy-connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
] as const;

const REQUEST_HOP_BY_HOP = [
  ...HOP_BY_HOP,
  // Bun.serve has answered `Expect: 100-continue` itself before the handler runs (Bun 1.4.5).
  "expect",
] as const;

const RESPONSE_HOP_BY_HOP = [
  ...HOP_BY_HOP,
  // An origin's alternative services are its own, not the proxy's (Caddy removes it too).
  "alt-svc",
] as const;

/** With a body a request is looked at more closely. */
const NOT_ORDINARY: ReadonlySet<string> = new Set([...REQUEST_HOP_BY_HOP, "content-length"]);

/** What most answers consist of, less `Connection`: nothing here concerns one connection. */
const ORDINARY_ANSWER = [
  "date",
  "content-type",
  "content-length",
  "server",
  "etag",
  "last-modified",
  "cache-control",
  "vary",
] as const;

/** What names that came together say of a request. */
interface NameSet {
  readonly names: readonly string[];
  /** Nothing but a Connection may have to be removed. */
  readonly isHarmless: boolean;
  readonly hasConnection: boolean;
}

const nameSets = new FieldSets<NameSet>();

/**
 * True for a request of which nothing has to be removed but a Connection that names no field, and that has no body and no
 * upgrade. To be asked first, since it is cheap for names that came together before.
 */
export function isOrdinaryRequest(headers: Headers): boolean {
  for (const set of nameSets.like(headers)) if (hasAll(headers, set.names)) return isOrdinary(headers, set);
  const names = namesOf(headers);
  if (names === undefined) return false;
  const isHarmless = names.every((name) => name === "connection" || !(NOT_ORDINARY.has(name) || isLookalike(name)));
  const set = { names, isHarmless, hasConnection: names.includes("connection") };
  nameSets.learn(set);
  return isOrdinary(headers, set);
}

function isOrdinary(headers: Headers, { isHarmless, hasConnection }: NameSet): boolean {
  return isHarmless && (!hasConnection || isPlainConnection(headers));
}

function isPlainConnection(headers: Headers): boolean {
  const connection = headers.get("connection");
  return connection !== null && namesNoField(connection);
}

/** Counted, since going through names makes a string of each. False where it is not worth finding out. */
function hasNothingBut(headers: Headers, names: readonly string[]): boolean {
  let left = headers.count;
  if (left > names.length) return false;
  for (const name of names) {
    if (headers.has(name) && --left === 0) return true;
  }
  return left === 0;
}

/** Whether a field of an answer never crosses a proxy. @param name in small letters */
export function isAnswerHopByHop(name: string): boolean {
  return (RESPONSE_HOP_BY_HOP as readonly string[]).includes(name);
}

/** Whether a `Connection` field names no other field: by far the most frequent values. */
export function namesNoField(connection: string): boolean {
  return connection === "keep-alive" || connection === "close";
}

/** Fields that a `Connection` header cannot take away, because the proxy or the message framing owns them. */
const NOT_NAMEABLE = new Set(["content-length", "host"]);

/**
 * Removes what belongs to the client's connection, in place: the fields that Connection names, then the
 * known hop-by-hop fields. Call it before the proxy's own fields are set, so that
 * `Connection: X-Forwarded-For` cannot take those out.
 */
export function removeRequestHopByHop(headers: Headers): void {
  removeNamedByConnection(headers);
  for (const name of REQUEST_HOP_BY_HOP) headers.delete(name);
}

/** The same for an upstream's answer. */
export function removeResponseHopByHop(headers: Headers): void {
  removeNamedByConnection(headers);
  headers.delete("connection");
  if (hasNothingBut(headers, ORDINARY_ANSWER)) return;
  for (const name of RESPONSE_HOP_BY_HOP) headers.delete(name);
}

function removeNamedByConnection(headers: Headers): void {
  const connection = headers.get("connection");
  if (connection === null || namesNoField(connection)) return;
  for (const token of connection.split(",")) {
    const name = token.trim().toLowerCase();
    if (name !== "" && !NOT_NAMEABLE.has(name) && isToken(name)) headers.delete(name);
  }
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** RFC 9110 5.6.2: what a field name may be made of. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** True when a comma-separated field value has the token, in any case (`Connection: keep-alive, Upgrade`). */
export function hasToken(value: string, token: string): boolean {
  if (value.length === token.length) return value.toLowerCase() === token;
  for (const part of value.split(",")) {
    if (part.trim().toLowerCase() === token) return true;
  }
  return false;
}

/**
 * Removes, in place, every field whose name has `_` or `.` and would become another field where names are
 * turned into variables (CGI, WSGI: `X_Forwarded_For` and `X-Forwarded-For` are one there): one that
 * is present beside it, or one that a proxy vouches for. Caddy's rule after its advisories of 2026.
 */
export function removeLookalikes(headers: Headers): void {
  let found: string[] | undefined;
  for (const name of headers.keys()) {
    if (isLookalike(name)) (found ??= []).push(name);
  }
  if (found === undefined) return;
  for (const name of found) {
    const meant = name.toLowerCase().replaceAll("_", "-").replaceAll(".", "-");
    if (VOUCHED_FOR.test(meant) || headers.has(meant)) headers.delete(name);
  }
}

/** What may become another name where names are turned into variables. */
function isLookalike(name: string): boolean {
  return name.includes("_") || name.includes(".");
}

const VOUCHED_FOR =
  /^(?:x-forwarded-|forwarded$|x-real-ip$|host$|via$|remote-user$|authorization$|cookie$|content-length$|transfer-encoding$|connection$)/;
