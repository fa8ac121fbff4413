import type { ProxyError } from "../core/errors.ts";
import type { Peer } from "../upstream/peer.ts";

/** What the listener tells of the connection a request came on. */
export interface Downstream {
  /** The client's IP, or "" where there is none (a unix socket, a connection already gone). */
  remoteAddress(request: Request): string;
  readonly secure: boolean;
}

/**
 * One request being served: what Pingora passes to every phase. `Ctx` is the phases' own state, made
 * by their `newCtx`.
 */
export interface Session<Ctx = unknown> {
  readonly request: Request;
  readonly method: string;
  /** Path and query exactly as they will be sent upstream: always starts with one `/`, has no fragment. */
  readonly target: string;
  /** The part of `target` before `?`. What is matched is what is sent. */
  readonly path: string;
  /** The client's authority: the Host field, or `:authority`. */
  readonly host: string;
  /** True when the client came by TLS. */
  readonly secure: boolean;
  /** The client's IP as the socket tells it; "" on a unix socket. */
  readonly remoteAddress: string;
  readonly isUpgrade: boolean;
  ctx: Ctx;
  /** The peer of the present attempt. */
  peer: Peer | undefined;
  /** Attempts made so far. */
  attempts: number;
  /** Status that went to the client, 101 for a WebSocket, 499 when it left before; 0 until known. */
  status: number;
  /** Why it failed; undefined for a good exchange. */
  error: ProxyError | undefined;
}
