import { isIPv4, isIPv6 } from "node:net";
import { domainToASCII } from "node:url";
import { accept, refuse, type Parsed } from "./parsed.ts";

// RFC 1123 labels, and `_` inside them because container and SRV names have it.
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/**
 * A host as it stands in an address: an IPv4 address, an IPv6 address in brackets, or a name. Gives it
 * in small letters, IPv6 without brackets, and a name with letters outside ASCII in its A-label form.
 */
export function parseHost(text: string): Parsed<string> {
  const host = text.toLowerCase();
  if (host.startsWith("[")) {
    const inner = host.endsWith("]") ? host.slice(1, -1) : undefined;
    if (inner === undefined) return refuse(`the bracket of "${text}" is not closed`, `[${text.slice(1)}]`);
    return isIPv6(inner) ? accept(inner) : refuse(`"${inner}" is no IPv6 address`);
  }
  if (isIPv4(host)) return accept(host);
  if (isIPv6(host)) return refuse("an IPv6 address stands in brackets", `[${host}]`);
  return parseName(host);
}

/** A DNS name: what is sent as SNI, or resolved. Gives it in small letters and ASCII. */
export function parseName(text: string): Parsed<string> {
  const lower = text.toLowerCase();
  // domainToASCII reads as a URL does: what comes after one of these would be lost without a word.
  if (/[/\\:?#@%\s]/.test(lower)) return refuse(`"${text}" is no host name`);
  const isForeign = [...lower].some((c) => c.charCodeAt(0) > 127);
  const name = isForeign ? domainToASCII(lower) : lower;
  const labels = (name.endsWith(".") ? name.slice(0, -1) : name).split(".");
  if (name === "") return refuse(text === "" ? "the host is missing" : `"${text}" is no host name`);
  if (/^[\d.]+$/.test(name)) return refuse(`"${text}" is no IPv4 address`);
  if (name.length > 253) return refuse("a host name has at most 253 characters");
  const bad = labels.find((label) => !LABEL.test(label));
  if (bad === undefined) return accept(name);
  return refuse(bad === "" ? `"${text}" has an empty part` : `"${text}" is no host name`);
}

/**
 * What a Host field may hold (RFC 9110 section 7.2): a host, and a port or none. Gives it as it is sent.
 */
export function parseAuthority(text: string): Parsed<string> {
  const scheme = /^[a-z]+:\/\/([^/]*)/i.exec(text);
  if (scheme !== null) return refuse("a Host has no scheme", scheme[1]);
  if (text.includes("/")) return refuse("a Host has no path", text.slice(0, text.indexOf("/")));
  if (text.includes("@")) return refuse("a Host has no user", text.slice(text.lastIndexOf("@") + 1));
  const split = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(text);
  if (split === null) return isIPv6(text) ? refuse("an IPv6 address stands in brackets", `[${text}]`) : badHost(text);
  const host = parseHost(split[1] ?? "");
  if (!host.ok) return host;
  const written = host.value.includes(":") ? `[${host.value}]` : host.value;
  if (split[2] === undefined) return accept(written);
  const port = parsePort(split[2], 1);
  return port.ok ? accept(`${written}:${port.value}`) : port;
}

function badHost(text: string): Parsed<never> {
  return refuse(`"${text}" is no host`);
}

/** A port, at least `least` (0 lets the system choose, which only a listener may). */
export function parsePort(text: string, least: 0 | 1): Parsed<number> {
  if (text === "") return refuse("the port is missing after the colon");
  if (!/^\d+$/.test(text)) return refuse(`"${text}" is no port`);
  const port = Number(text);
  if (port > 65_535) return refuse(`port ${text} is over 65535`);
  if (port < least) return refuse("port 0 is only for listening");
  return accept(port);
}

/** A Host field, or another authority, without its port. */
export function withoutPort(authority: string): string {
  const colon = authority.lastIndexOf(":");
  // Within brackets it is no port's.
  return colon > authority.lastIndexOf("]") ? authority.slice(0, colon) : authority;
}
