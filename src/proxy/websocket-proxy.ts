import type { ProxyError } from "../core/errors.ts";
import type { Peer } from "../upstream/peer.ts";
import type { ProxyHttp } from "./phases.ts";
import type { Session } from "./session.ts";

/** Carries one WebSocket from its handshake to its end. */
export interface WebSocketProxy {
  /**
   * Dials the peer and accepts the client. Undefined: it became a WebSocket. A `Response` is the origin's refusal,
   * passed on. Takes `peer.inFlight` down and calls `logging` when it is over, unless it gives a `ProxyError`.
   */
  serve<Ctx>(
    session: Session<Ctx>,
    peer: Peer,
    headers: Headers,
    phases: ProxyHttp<Ctx>,
  ): Promise<Response | undefined | ProxyError>;
}
