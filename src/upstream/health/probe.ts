import net from "node:net";
import type { ActiveHealthConfig } from "../../config/model.ts";
import { lowestFreeFile } from "../../core/free-file.ts";
import type { Peer } from "../peer.ts";
import { matchesStatus } from "../status-pattern.ts";

/** Looks whether a peer works: true, or why not, in words; undefined where this process could not look. */
export type Probe = (peer: Peer, check: ActiveHealthConfig) => Promise<true | string | undefined>;

/** So much of a body is looked at, as in Caddy. */
const MOST_BODY_BYTES = 65_536;
const USER_AGENT = "gatekeeper health check";

/** The real probe. One that fails while this process has no file left for a connection says nothing of the peer. */
export const probe: Probe = async (peer, check) => {
  const result = await (check.type === "tcp" ? probeTcp(peer, check.timeoutMs, check.port) : probeHttp(peer, check));
  return result !== true && lowestFreeFile() === undefined ? undefined : result;
};

/**
 * One TCP (or unix) connection, closed at once. By node:net, since a connection that Bun.connect has begun cannot be given
 * up: the sockets of a dead peer's probes would live on for two minutes each (Bun 1.4.5).
 */
export async function probeTcp(peer: Peer, timeoutMs: number, port?: number): Promise<true | string> {
  const { promise, resolve } = Promise.withResolvers<true | string>();
  const { address } = peer;
  const socket = net.connect(
    address.type === "unix" ? { path: address.path } : { host: address.host, port: port ?? address.port },
  );
  socket.once("connect", () => resolve(true));
  socket.on("error", (error) => resolve(error.message));
  const timer = setTimeout(() => resolve(NOT_IN_TIME), timeoutMs);
  const result = await promise;
  clearTimeout(timer);
  socket.destroy();
  return result;
}

const NOT_IN_TIME = "it did not accept a connection in time";

/** One request over the transport that traffic takes: the same socket, TLS and protocol. */
async function probeHttp(peer: Peer, check: ActiveHealthConfig): Promise<true | string> {
  const { timeoutMs } = check;
  try {
    const answer = await ask(peer, check);
    const fault = await faultOf(answer, check);
    if (fault === undefined) return true;
    return fault;
  } catch (error) {
    if (error instanceof Error && error.name === "TimeoutError") return `no good answer within ${timeoutMs} ms`;
    return error instanceof Error ? withoutAdvice(error.message) : String(error);
  }
}

/** Bun's words for a failed connection end in advice to a programmer (1.4.5). */
function withoutAdvice(message: string): string {
  return message.replace(/[.:] (?:Is the computer able|Was there a typo|For more information).*$/, "");
}

async function ask(peer: Peer, check: ActiveHealthConfig): Promise<Response> {
  const { address } = peer;
  const isTls = address.type === "tcp" && address.tls;
  const init: BunFetchRequestInit = {
    method: check.method,
    headers: headersOf(peer, check),
    redirect: check.followRedirects ? "follow" : "manual",
    signal: AbortSignal.timeout(check.timeoutMs),
    // A connection of its own, so that traffic finds those that it left.
    keepalive: false,
    proxy: false,
    ...(address.type === "unix" && { unix: address.path }),
    ...(isTls && { tls: { ...peer.tlsOptions } }),
  };
  const url = urlOf(peer, check);
  if (!isTls || !peer.tls.http2) return await fetch(url, init);
  try {
    return await fetch(url, { ...init, protocol: "http2" });
  } catch (error) {
    const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
    // It offers HTTP/2 alone (Bun 1.4.5).
    if (code === "HTTP2Unsupported" || code === "EPROTO") return await fetch(url, init);
    throw error;
  }
}

function urlOf({ origin, address }: Peer, { uri, port }: ActiveHealthConfig): string {
  if (port === undefined || address.type === "unix") return origin + uri;
  return `${origin.slice(0, origin.lastIndexOf(":"))}:${port}${uri}`;
}

function headersOf({ authority }: Peer, { headers }: ActiveHealthConfig): Headers {
  const all = new Headers({ Host: authority, "User-Agent": USER_AGENT });
  for (const { field } of headers) all.delete(field);
  for (const { field, value } of headers) all.append(field, value);
  return all;
}

async function faultOf(answer: Response, check: ActiveHealthConfig): Promise<string | undefined> {
  const { body, status } = answer;
  if (!matchesStatus(check.status, status)) {
    await body?.cancel().catch(() => {});
    return `it answered ${status}`;
  }
  if (check.body === undefined) {
    await body?.cancel().catch(() => {});
    return undefined;
  }
  const text = await beginningOf(body);
  return new RegExp(check.body).test(text) ? undefined : `its answer does not match ${check.body}`;
}

async function beginningOf(body: ReadableStream<Uint8Array> | null): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  // Leaving the loop cancels what is left.
  for await (const piece of body ?? []) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes >= MOST_BODY_BYTES) break;
  }
  return Buffer.concat(pieces).subarray(0, MOST_BODY_BYTES).toString("utf8");
}
