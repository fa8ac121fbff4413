import type { Socket } from "bun";
import { ProxyError } from "../core/errors.ts";
import { lowestFreeFile } from "../core/free-file.ts";
import type { Peer } from "../upstream/peer.ts";
import { failureOf } from "./failure.ts";

/** Whoever a TCP socket's events go to; whoever has the socket puts itself into `socket.data`. */
export interface SocketOwner {
  onOpen(socket: UpstreamTcp): void;
  onHandshake(socket: UpstreamTcp, authorized: boolean, error: Error | null): void;
  onData(chunk: Buffer): void;
  onDrain(): void;
  /** The connection is over; `error` tells when it was reset. Called once. */
  onEnd(error: Error | undefined): void;
}

export type UpstreamTcp = Socket<SocketOwner>;

/**
 * Begins a raw connection to a peer. What becomes of it is told to `owner`: `onOpen`, with TLS `onHandshake` after
 * that (see `handshakeFault`), and `onEnd`; `failed` where it does not come to be. A raw socket looks at no HTTP_PROXY.
 */
export function connect(peer: Peer, owner: SocketOwner, failed: (error: ProxyError) => void): void {
  const { address } = peer;
  // One set of handlers; `socket.data` is whoever has the socket now.
  const common = { data: owner, socket: HANDLERS };
  const connecting =
    address.type === "unix"
      ? Bun.connect<SocketOwner>({ ...common, unix: address.path })
      : Bun.connect<SocketOwner>({
          ...common,
          hostname: address.host,
          port: address.port,
          ...(address.tls && { tls: peer.tlsOptions }),
        });
  connecting.catch((error: unknown) => failed(unlessOurs(failureOf(error))));
}

/** Bun says ECONNREFUSED as well where this process has no file left for a connection (Bun 1.4.5). */
function unlessOurs(failure: ProxyError): ProxyError {
  if (failure.kind !== "connection_refused" || lowestFreeFile() !== undefined) return failure;
  return new ProxyError("too_many_open_files", "no connection could be opened", failure.cause);
}

/** What is wrong with a TLS handshake that is over; undefined when the connection may be used. */
export function handshakeFault(peer: Peer, error: Error | null | undefined): ProxyError | undefined {
  if (error === null || error === undefined) return undefined;
  const failure = failureOf(error);
  // Bun tells of a bad certificate also with `rejectUnauthorized: false`, and goes on (Bun 1.4.5).
  return !peer.tls.verify && failure.kind === "tls_certificate_error" ? undefined : failure;
}

const HANDLERS: Bun.SocketHandler<SocketOwner> = {
  open: (socket) => socket.data.onOpen(socket),
  handshake: (socket, authorized, error) => socket.data.onHandshake(socket, authorized, error),
  data: (socket, chunk) => socket.data.onData(chunk),
  drain: (socket) => socket.data.onDrain(),
  // Without half-open sockets Bun calls `close` after `end`, and also after a reset (Bun 1.4.5): one end for all.
  close: (socket, error) => socket.data.onEnd(error),
  // A handler that threw has a bug: it is not to be lost. A TLS fault closes the socket and is told there.
  error: (socket, error) => {
    socket.terminate();
    socket.data.onEnd(error);
  },
  // Makes Bun hand the rejection to us alone; the promise of `connect` rejects all the same.
  connectError: () => {},
};
