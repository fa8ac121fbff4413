import { isIPv4, isIPv6 } from "node:net";
import { parseHost, parsePort } from "./host.ts";
import { accept, refuse, type Parsed, type Refused } from "./parsed.ts";

/** Where a listener takes connections. */
export type ListenAddress =
  | {
      readonly type: "tcp";
      /** What Bun.serve takes: an IP, a name, or `::` for every address of both families. */
      readonly host: string;
      /** 0 lets the system choose. */
      readonly port: number;
    }
  | { readonly type: "unix"; readonly path: string };

/** Where an upstream is dialled. */
export type UpstreamAddress =
  | {
      readonly type: "tcp";
      /** IP (IPv6 without brackets) or name. */
      readonly host: string;
      readonly port: number;
      readonly tls: boolean;
      /** The name that `host` was looked up for: what certificates are for, and the Host. Undefined: it was written so. */
      readonly name?: string;
    }
  | { readonly type: "unix"; readonly path: string; readonly tls: false };

/** An upstream as it was written: what is left out (scheme, port) is decided by `resolveUpstream`. */
export type UpstreamSpec =
  | {
      readonly type: "tcp";
      readonly scheme: "http" | "https" | undefined;
      readonly host: string;
      readonly port: number | undefined;
    }
  | { readonly type: "unix"; readonly path: string };

/** Most ports that one range may stand for. */
export const MAX_RANGE = 1000;

/** Written as a unix socket, rightly or not; a host called `unix-box` is not. */
const UNIX = /^unix(?:[:/]|$)/;

/** sockaddr_un holds 108 bytes with the final NUL. */
const MAX_UNIX_PATH_BYTES = 107;

/**
 * A listen address, or a range of ports which makes several: `127.0.0.1:3000`, `[::1]:3000`, `:3000`
 * (every address of both families), `localhost:3000`, `unix//run/app.sock`, `:8001-8004`.
 */
export function parseListen(text: string): Parsed<readonly ListenAddress[]> {
  if (UNIX.test(text)) return mapParsed(parseUnix(text), (path) => [{ type: "unix", path }]);
  const scheme = /^([a-z0-9+]+):\/\/([^/]*)/i.exec(text);
  if (scheme !== null) {
    const secure = scheme[1]?.toLowerCase() === "https" ? ", TLS comes with --cert and --key" : "";
    return refuse(`a listen address has no scheme${secure}`, scheme[2]);
  }
  if (/^\d{1,5}$/.test(text)) return refuse("the colon is missing", `:${text}`);
  const parts = splitHostPorts(text, 0);
  if (!parts.ok) return parts;
  const { host: written, ports } = parts.value;
  if (ports.length === 0) return refuse("the port is missing", `${text}:8080`);
  if (written === "" || written === "*") return accept(ports.map((port) => ({ type: "tcp", host: "::", port })));
  return mapParsed(parseHost(written), (host) => ports.map((port) => ({ type: "tcp", host, port })));
}

/**
 * An upstream address, or a range of ports which makes several: everything a listen address can be
 * (`:3000` is `localhost:3000`), with `http://` or `https://` before it, and a port that may be left out.
 */
export function parseUpstream(text: string): Parsed<readonly UpstreamSpec[]> {
  if (UNIX.test(text)) return mapParsed(parseUnix(text), (path) => [{ type: "unix", path }]);
  const match = /^(?:([a-z0-9+.-]+):\/\/)?(.*)$/is.exec(text);
  const scheme = match?.[1]?.toLowerCase();
  const rest = match?.[2] ?? "";
  if (scheme !== undefined && scheme !== "http" && scheme !== "https") {
    const meant = scheme === "ws" ? "http" : scheme === "wss" ? "https" : undefined;
    const why = meant === undefined ? "" : `, WebSockets go to the same address as HTTP`;
    return refuse(`"${scheme}://" is no scheme of an upstream${why}`, meant && `${meant}://${rest}`);
  }
  const prefix = scheme === undefined ? "" : `${scheme}://`;
  const end = rest.search(/[/?#]/);
  if (end >= 0) {
    const bare = rest.slice(0, end);
    return refuse("an upstream address has no path", /\w/.test(bare) ? `${prefix}${bare}` : undefined);
  }
  if (rest.includes("@")) {
    return refuse("an upstream address has no user", `${prefix}${rest.slice(rest.lastIndexOf("@") + 1)}`);
  }
  if (/^\d{1,5}$/.test(rest)) return refuse("the colon is missing", `${prefix}:${rest}`);
  const parts = splitHostPorts(rest, 1);
  if (!parts.ok) return refuse(parts.fault, parts.suggestion && `${prefix}${parts.suggestion}`);
  const ports = parts.value.ports;
  if (parts.value.host === "" && ports.length === 0) return refuse("the host is missing");
  return mapParsed(parts.value.host === "" ? accept("localhost") : parseHost(parts.value.host), (host) =>
    (ports.length === 0 ? [undefined] : ports).map((port) => ({ type: "tcp", scheme, host, port })),
  );
}

/**
 * Fills in what was left out of an upstream: TLS by `https://` or by `tls` (the flag `--tls`), port 443
 * with TLS and 80 without, as Caddy does.
 */
export function resolveUpstream(spec: UpstreamSpec, tls: boolean): UpstreamAddress {
  if (spec.type === "unix") return { type: "unix", path: spec.path, tls: false };
  const secure = spec.scheme === "https" || (spec.scheme === undefined && tls);
  return { type: "tcp", host: spec.host, port: spec.port ?? (secure ? 443 : 80), tls: secure };
}

/** Whether a host, as `parseHost` gives it, is this machine alone: 127.0.0.0/8, ::1, localhost (RFC 6761 6.3). */
export function isLoopback(host: string): boolean {
  if (isIPv4(host)) return host.startsWith("127.");
  return isIPv6(host) ? new URL(`http://[${host}]`).hostname === "[::1]" : /^(?:.+\.)?localhost\.?$/.test(host);
}

function splitHostPorts(text: string, least: 0 | 1): Parsed<{ host: string; ports: readonly number[] }> {
  if (/\s/.test(text)) return refuse("an address has no spaces");
  if (text.includes(",")) return refuse("one address at a time; to give several, repeat it");
  const split = /^(\[[^\]]*\]?|[^:[\]]*)(?::([^:]*))?$/.exec(text);
  if (split === null || (text.startsWith("[") && !text.includes("]"))) return refuseHostPort(text);
  const host = split[1] ?? "";
  if (split[2] === undefined) return accept({ host, ports: [] });
  const ports = parsePorts(split[2], least);
  if (ports.ok) return accept({ host, ports: ports.value });
  return refuse(ports.fault, ports.suggestion && `${host}:${ports.suggestion}`);
}

/** Says what is wrong with an address that is not HOST:PORT; most often it is IPv6 without its brackets. */
function refuseHostPort(text: string): Refused {
  const bare = text.replace(/^\[/, "");
  // A group of two digits or more at the end is more likely a port than a part of the address.
  const tail = /^(.*):(\d{2,5})$/.exec(bare);
  const [host, port] = tail !== null && isIPv6(tail[1] ?? "") ? [tail[1], tail[2]] : [bare, "8080"];
  if (!isIPv6(host ?? "")) return refuse(`"${text}" is not HOST:PORT`);
  const what = bare === text ? "an IPv6 address stands in brackets" : "the bracket is not closed";
  return refuse(what, `[${host}]:${port}`);
}

function parsePorts(text: string, least: 0 | 1): Parsed<readonly number[]> {
  const dash = text.indexOf("-");
  if (dash < 0) return mapParsed(parsePort(text, least), (port) => [port]);
  const first = parsePort(text.slice(0, dash), 1);
  const last = parsePort(text.slice(dash + 1), 1);
  if (!first.ok || !last.ok) return refuse(`"${text}" is no range of ports`);
  if (last.value < first.value) {
    return refuse(`the range ${text} ends before it begins`, `${last.value}-${first.value}`);
  }
  const count = last.value - first.value + 1;
  if (count > MAX_RANGE) return refuse(`the range ${text} has ${count} ports, over ${MAX_RANGE}`);
  return accept(Array.from({ length: count }, (_, i) => first.value + i));
}

function parseUnix(text: string): Parsed<string> {
  const match = /^unix\/(\/.*)$/.exec(text);
  if (match === null) {
    const rest = text.replace(/^unix:?\/*/, "");
    return refuse("a unix socket is written unix/ and its absolute path", rest === "" ? undefined : `unix//${rest}`);
  }
  const path = match[1] ?? "";
  const permissions = /\|[0-7]{3,4}$/.exec(path);
  if (permissions !== null) {
    return refuse("the permissions of a socket cannot be set here", `unix/${path.slice(0, permissions.index)}`);
  }
  if (path.endsWith("/")) return refuse("a unix socket is a file, not a folder");
  if (path.includes("\0")) return refuse("the path holds a NUL");
  const bytes = new TextEncoder().encode(path).length;
  if (bytes > MAX_UNIX_PATH_BYTES) {
    return refuse(`the path has ${bytes} bytes, a unix socket's has ${MAX_UNIX_PATH_BYTES} at most`);
  }
  return accept(path);
}

function mapParsed<T, U>(parsed: Parsed<T>, map: (value: T) => U): Parsed<U> {
  return parsed.ok ? accept(map(parsed.value)) : parsed;
}
