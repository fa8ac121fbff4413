import { hostname } from "node:os";
import type { UpstreamAddress } from "../core/address.ts";
import { withoutPort } from "../core/host.ts";
import type { PlaceholderName } from "../core/placeholders.ts";
import { bytesOfEither, bytesOfText, decodePercentBytes } from "./bytes.ts";
import type { GatewaySession } from "./gateway-ctx.ts";
import { commonLogTime, plainTime } from "../core/times.ts";

/** Gives the value of one placeholder, one char for each byte. `answer`: the answer's fields, where it is there. */
export type Reader = (session: GatewaySession, answer: Headers | undefined) => string;

type PathName = Extract<PlaceholderName, `http.request.${"uri" | "orig_uri"}.path${string}`>;

/** What reads paths and parts of them, spelled as `spell` has it. */
export function pathReaders(
  spell: (path: string) => string,
): Readonly<Record<PathName, (argument: string) => (session: GatewaySession) => string>> {
  const now = (session: GatewaySession): string => spell(session.path);
  const original = (session: GatewaySession): string => spell(pathOf(session.originalTarget));
  return {
    "http.request.uri.path": () => now,
    "http.request.uri.path.dir": () => (session) => dirOf(now(session)),
    "http.request.uri.path.file": () => (session) => fileOf(now(session)),
    "http.request.uri.path.file.base": () => (session) => splitFile(fileOf(now(session)))[0],
    "http.request.uri.path.file.ext": () => (session) => splitFile(fileOf(now(session)))[1],
    "http.request.uri.path.*": (argument) => {
      const index = Number(argument);
      return (session) => segment(now(session), index);
    },
    "http.request.orig_uri.path": () => original,
    "http.request.orig_uri.path.dir": () => (session) => dirOf(original(session)),
    "http.request.orig_uri.path.file": () => (session) => fileOf(original(session)),
    "http.request.orig_uri.path.*": (argument) => {
      const index = Number(argument);
      return (session) => segment(original(session), index);
    },
  };
}

/** What reads a placeholder, its argument taken apart at the start. */
export const READERS: Readonly<Record<PlaceholderName, (argument: string) => Reader>> = {
  // Decoded as a whole, so that an encoded slash divides like any other (Caddy).
  ...pathReaders(decodePercentBytes),
  "http.request.host": () => (session) => withoutPort(hostportOf(session)),
  "http.request.hostport": () => hostportOf,
  "http.request.port": () => (session) => portOf(hostportOf(session)),
  "http.request.host.labels.*": (argument) => {
    const fromRight = Number(argument) + 1;
    return (session) => withoutPort(hostportOf(session)).split(".").at(-fromRight) ?? "";
  },
  "http.request.method": () => (session) => session.method,
  "http.request.orig_method": () => (session) => session.request.method,
  "http.request.scheme": () => (session) => (session.secure ? "https" : "http"),
  "http.request.uri": () => (session) => session.target,
  "http.request.uri.query": () => (session) => session.query,
  "http.request.uri.prefixed_query": () => (session) => (session.query === "" ? "" : `?${session.query}`),
  "http.request.uri.query.*": (argument) => {
    const name = bytesOfText(argument);
    return (session) => parameter(session.query, name);
  },
  "http.request.orig_uri": () => (session) => session.originalTarget,
  "http.request.orig_uri.query": () => (session) =>
    session.originalTarget.slice(pathOf(session.originalTarget).length + 1),
  "http.request.remote": () => (session) => {
    const port = remotePort(session);
    return port === "" ? session.remoteAddress : `${inAuthority(session.remoteAddress)}:${port}`;
  },
  "http.request.remote.host": () => (session) => session.remoteAddress,
  "http.request.remote.port": () => remotePort,
  "http.vars.client_ip": () => (session) => session.clientAddress,
  "http.request.uuid": () => uuidOf,
  "http.auth.user.id": () => (session) => bytesOfText(session.ctx.user ?? ""),
  "http.request.header.*": (name) => (session) => session.headers.get(name) ?? "",
  "http.request.cookie.*": (name) => (session) => cookie(session.headers.get("cookie") ?? "", bytesOfText(name)),
  "http.regexp.*": (argument) => {
    const dot = argument.lastIndexOf(".");
    const name = dot < 0 ? undefined : argument.slice(0, dot);
    const last = argument.slice(dot + 1);
    const group = /^\d+$/.test(last) ? Number(last) : last;
    return (session) => bytesOfEither(session.captured(name, group));
  },
  "http.reverse_proxy.upstream.hostport": () => (session) => ofUpstream(session, hostportOfUpstream),
  "http.reverse_proxy.upstream.address": () => (session) =>
    ofUpstream(session, (address) => (address.type === "unix" ? `unix/${address.path}` : hostportOfUpstream(address))),
  "http.reverse_proxy.upstream.host": () => (session) =>
    ofUpstream(session, (address) => (address.type === "unix" ? address.path : address.host)),
  "http.reverse_proxy.upstream.port": () => (session) =>
    ofUpstream(session, (address) => (address.type === "unix" ? "" : String(address.port))),
  "http.reverse_proxy.upstream.requests": () => (session) => String(session.peer?.inFlight ?? ""),
  "http.reverse_proxy.status_code": () => (session) => String(session.ctx.answered?.status ?? ""),
  "http.reverse_proxy.status_text": () => (session) => {
    const { answered } = session.ctx;
    return answered === undefined ? "" : `${answered.status} ${phraseOf(answered.status)}`;
  },
  "http.reverse_proxy.header.*": (name) => (session) => session.ctx.answered?.headers.get(name) ?? "",
  "http.error.status_code": () => (session) => String(session.ctx.failure?.answer.status ?? ""),
  "http.error.status_text": () => (session) => phraseOf(session.ctx.failure?.answer.status ?? 0),
  "http.error.message": () => (session) => {
    const { failure } = session.ctx;
    return failure === undefined ? "" : failure.message || phraseOf(failure.answer.status);
  },
  "http.response.header.*": (name) => (_session, answer) => answer?.get(name) ?? "",
  "time.now": () => () => plainTime(new Date()),
  "time.now.http": () => () => new Date().toUTCString(),
  "time.now.common_log": () => () => commonLogTime(new Date()),
  "time.now.rfc3339": () => () => new Date().toISOString().replace(/\.\d+/, ""),
  "time.now.unix": () => () => String(Math.floor(Date.now() / 1000)),
  "time.now.unix_ms": () => () => String(Date.now()),
  "time.now.year": () => () => String(new Date().getFullYear()),
  "system.hostname": () => {
    const name = bytesOfText(hostname());
    return () => name;
  },
};

/** The Host of the request as it is now: an edit of the request's fields counts. */
function hostportOf(session: GatewaySession): string {
  return session.headers.get("host") ?? "";
}

function portOf(hostport: string): string {
  return hostport.slice(withoutPort(hostport).length + 1);
}

function pathOf(target: string): string {
  const query = target.indexOf("?");
  return query < 0 ? target : target.slice(0, query);
}

function dirOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}

function fileOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A file's name and its extension with the dot. */
function splitFile(file: string): readonly [string, string] {
  const dot = file.lastIndexOf(".");
  return dot < 0 ? [file, ""] : [file.slice(0, dot), file.slice(dot)];
}

function segment(path: string, index: number): string {
  return path.split("/")[index + 1] ?? "";
}

/** All values of a parameter, decoded, joined by commas (Caddy). */
function parameter(query: string, name: string): string {
  if (query === "") return "";
  const values: string[] = [];
  for (const pair of query.split("&")) {
    const equals = pair.indexOf("=");
    if (decodeForm(equals < 0 ? pair : pair.slice(0, equals)) !== name) continue;
    values.push(equals < 0 ? "" : decodeForm(pair.slice(equals + 1)));
  }
  return values.join(",");
}

function decodeForm(text: string): string {
  return decodePercentBytes(text.replaceAll("+", " "));
}

/** The first cookie of a name, in any case as in Caddy. */
function cookie(field: string, name: string): string {
  const wanted = name.toLowerCase();
  for (const pair of field.split(";")) {
    const equals = pair.indexOf("=");
    if (equals < 0 || pair.slice(0, equals).trim().toLowerCase() !== wanted) continue;
    const value = pair.slice(equals + 1).trim();
    return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
  }
  return "";
}

function phraseOf(status: number): string {
  // 5 MB, for a placeholder that hardly anyone writes (Bun 1.4.5).
  return process.getBuiltinModule("node:http").STATUS_CODES[status] ?? "";
}

function remotePort(session: GatewaySession): string {
  return session.remotePort === 0 ? "" : String(session.remotePort);
}

function inAuthority(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

function ofUpstream(session: GatewaySession, read: (address: UpstreamAddress) => string): string {
  return session.peer === undefined ? "" : read(session.peer.address);
}

function hostportOfUpstream(address: UpstreamAddress): string {
  return address.type === "unix" ? address.path : `${inAuthority(address.host)}:${address.port}`;
}

/** The request's identifier: the same one each time. */
export function uuidOf(session: GatewaySession): string {
  return (session.ctx.uuid ??= Bun.randomUUIDv7());
}
