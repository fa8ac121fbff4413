import dgram from "node:dgram";
import net from "node:net";
import type { DnsServerAddress } from "./server.ts";

/** What one server said to one query, or why it said nothing, in words. */
export type Reply<T> = { readonly ok: true; readonly answer: T } | { readonly ok: false; readonly reason: string };

/** Until when, in all, and what else ends it. */
export interface Patience {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** A message in TCP begins with its length (RFC 1035 4.2.2). */
const LENGTH_BYTES = 2;

/**
 * Asks by a datagram, from a port of its own that the system draws, which nobody can guess. Connected, so that only the server
 * is heard and a port where nobody listens is told at once. @param read undefined for what is no answer: it goes on waiting
 */
export function askByUdp<T>(
  server: DnsServerAddress,
  query: Buffer,
  patience: Patience,
  read: (message: Buffer) => T | undefined,
): Promise<Reply<T>> {
  return inTime(patience, (settle) => {
    const socket = dgram.createSocket(net.isIPv6(server.host) ? "udp6" : "udp4");
    socket.on("error", (error) => settle({ ok: false, reason: error.message }));
    socket.on("message", (message) => {
      const answer = read(message);
      if (answer !== undefined) settle({ ok: true, answer });
    });
    // A callback of `connect` would be called for its failure as well, and `send` throw then.
    socket.on("connect", () => socket.send(query));
    socket.connect(server.port, server.host);
    return () => socket.close();
  });
}

/** Asks by a connection, for what is too long for a datagram. */
export function askByTcp<T>(
  server: DnsServerAddress,
  query: Buffer,
  patience: Patience,
  read: (message: Buffer) => T | undefined,
): Promise<Reply<T>> {
  return inTime(patience, (settle) => {
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt16BE(query.length);
    let got = Buffer.alloc(0);
    const socket = net.connect({ host: server.host, port: server.port }, () => {
      socket.write(Buffer.concat([length, query]));
    });
    socket.on("error", (error) => settle({ ok: false, reason: error.message }));
    socket.on("close", () => settle({ ok: false, reason: "it closed the connection" }));
    socket.on("data", (data: Buffer) => {
      got = Buffer.concat([got, data]);
      if (got.length < LENGTH_BYTES) return;
      const end = LENGTH_BYTES + got.readUInt16BE(0);
      if (got.length < end) return;
      const answer = read(got.subarray(LENGTH_BYTES, end));
      settle(answer === undefined ? { ok: false, reason: "its answer is broken" } : { ok: true, answer });
    });
    return () => socket.destroy();
  });
}

/** Begins something and ends it: when it has settled, when the time is over, or when nobody wants it any more. */
async function inTime<T>(
  { timeoutMs, signal }: Patience,
  begin: (settle: (reply: Reply<T>) => void) => () => void,
): Promise<Reply<T>> {
  if (signal.aborted) return NOT_WANTED;
  const { promise, resolve } = Promise.withResolvers<Reply<T>>();
  const end = begin(resolve);
  const timer = setTimeout(() => resolve({ ok: false, reason: `no answer within ${timeoutMs} ms` }), timeoutMs);
  timer.unref();
  const leave = (): void => resolve(NOT_WANTED);
  signal.addEventListener("abort", leave);
  const reply = await promise;
  clearTimeout(timer);
  signal.removeEventListener("abort", leave);
  end();
  return reply;
}

const NOT_WANTED = { ok: false, reason: "it is not wanted any more" } as const;
