import { ProxyError } from "../core/errors.ts";
import { removeResponseHopByHop } from "../core/fields.ts";
import type { WebSocketConfig } from "../config/model.ts";
import type { Log } from "../observe/log.ts";
import type { Peer } from "../upstream/peer.ts";
import { Bridge, type BridgeEnd, type Bridges } from "./bridge.ts";
import type { Session } from "./session.ts";
import type { HoldOptions } from "./websocket/hold.ts";
import { Dial, type RefusedUpgrade } from "./websocket/dial.ts";
import type { UpstreamSocket } from "./websocket/upstream-socket.ts";

export { faultOfHandshake } from "./websocket/handshake.ts";

export interface UpgradeOptions {
  readonly websocket: WebSocketConfig;
  /** To get a connection, TLS included; 0 leaves it to `websocket.handshakeTimeoutMs`. */
  readonly dialTimeoutMs: number;
  /** Owns every bridge that is made. */
  readonly bridges: Bridges;
  readonly log: Log;
  /** Undefined where a client is not kept without its upstream. */
  readonly hold?: HoldOptions | undefined;
  /** See `UpstreamSocketOptions`. */
  readonly keepsUnsent?: boolean;
}

/** An upstream that said 101. It is paused: nothing it sends is lost before `accept`, or before `discard`. */
export interface DialedUpstream {
  readonly type: "dialed";
  /** Of the 101, less hop-by-hop fields and the handshake's own; `Sec-WebSocket-Protocol` is its choice. */
  readonly headers: Headers;
  readonly socket: UpstreamSocket;
  readonly peer: Peer;
  /** What it took to get the connection, TLS included. */
  readonly connectMs: number;
  readonly options: UpgradeOptions;
}

/** Fields of a 101 that speak of the proxy's own connection to the upstream (RFC 6455 section 4.2.2). */
const HANDSHAKE_FIELDS = ["sec-websocket-accept", "sec-websocket-extensions", "sec-websocket-version"] as const;

/**
 * Opens a WebSocket to `peer` for `session.target`, with `headers` as they are to be sent (hop-by-hop fields gone,
 * forwarded fields and Host set); the handshake's own fields are put in here. Gives the open upstream, its
 * refusal, or why there is neither: `client_gone` when the client left meanwhile. Never rejects.
 */
export async function dialUpstream(
  session: Session,
  peer: Peer,
  headers: Headers,
  options: UpgradeOptions & { readonly signal?: AbortSignal },
): Promise<DialedUpstream | RefusedUpgrade | ProxyError> {
  using dial = new Dial(options.signal ?? session.request.signal, {
    encoder: options.bridges.encoder,
    maxMessageBytes: options.websocket.maxMessageBytes,
    keepsUnsent: options.keepsUnsent === true,
    dialTimeoutMs: options.dialTimeoutMs,
    handshakeTimeoutMs: options.websocket.handshakeTimeoutMs,
  });
  const outcome = await dial.run(peer, session.target, headers);
  if (outcome instanceof ProxyError) return outcome;
  const answered = outcome.type === "refused" ? outcome.answer.headers : outcome.headers;
  removeResponseHopByHop(answered);
  if (outcome.type === "refused") return outcome;
  for (const name of HANDSHAKE_FIELDS) answered.delete(name);
  const { socket, connectMs } = outcome;
  return { type: "dialed", headers: answered, socket, peer, connectMs, options };
}

/**
 * Accepts the client with the upstream's 101 fields and joins both. Undefined when the client had gone: then the
 * upstream is closed and `onClosed` is not called. Otherwise `onClosed` is called once, when both sides are over, which
 * may be before this returns.
 */
export function accept(
  server: Bun.Server<unknown>,
  session: Session,
  dialed: DialedUpstream,
  onClosed: (end: BridgeEnd) => void,
): Bridge | undefined {
  const { options, headers } = dialed;
  const bridge = new Bridge(dialed.socket, { ...options, peer: dialed.peer.name }, onClosed);
  // Bun echoes the client's first subprotocol when none is given here (Bun 1.4.5), which the upstream may not
  // have chosen: without a choice the client's offer must not be seen.
  if (!headers.has("sec-websocket-protocol")) session.request.headers.delete("sec-websocket-protocol");
  // What the upstream reads uncompressed is not worth inflating for it: the client's offer is declined as well.
  if (!dialed.socket.isDeflated) session.request.headers.delete("sec-websocket-extensions");
  if (server.upgrade(session.request, { data: bridge, headers })) return bridge;
  discard(dialed);
  return undefined;
}

/** Closes an upstream that is not to be used after all. */
export function discard(dialed: DialedUpstream): void {
  dialed.socket.terminate();
}
