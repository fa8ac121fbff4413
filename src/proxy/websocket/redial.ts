import { ProxyError } from "../../core/errors.ts";
import type { ProxyHttp } from "../phases.ts";
import type { Session } from "../session.ts";
import { dialUpstream, type UpgradeOptions } from "../upgrade.ts";
import type { HoldOutcome } from "./hold.ts";

export interface RedialOptions<Ctx> {
  readonly session: Session<Ctx>;
  readonly phases: ProxyHttp<Ctx>;
  /** As they were sent the first time. */
  readonly headers: Headers;
  /** The subprotocol that the client was given; null for none. */
  readonly protocol: string | null;
  readonly upgrade: UpgradeOptions;
}

/** From this status on a refusal is taken for a server that is still starting. */
const SERVER_ERROR = 500;

/**
 * Opens the upstream of a client that is held anew: by the peer that the phases choose now, with the handshake of the
 * first time. One that refuses the client, or would speak another subprotocol, is no way to go on.
 */
export async function redial<Ctx>(options: RedialOptions<Ctx>, signal: AbortSignal): Promise<HoldOutcome> {
  const { session, phases, headers, protocol, upgrade } = options;
  session.tried = [];
  const peer = (await phases.upstreamPeer?.(session)) ?? NO_PEER;
  if (signal.aborted || peer instanceof ProxyError) return "not_yet";
  session.peer = peer;
  session.hold(peer);
  const dialed = await dialUpstream(session, peer, new Headers(headers), { ...upgrade, signal });
  if (dialed instanceof ProxyError) {
    session.release();
    if (!signal.aborted) phases.attemptFailed?.(session, peer, dialed);
    return "not_yet";
  }
  if (dialed.type === "refused") {
    session.release();
    await dialed.answer.body?.cancel().catch(() => {});
    return dialed.answer.status >= SERVER_ERROR ? "not_yet" : "refused";
  }
  if (dialed.headers.get("sec-websocket-protocol") === protocol) return dialed.socket;
  session.release();
  dialed.socket.terminate();
  return "refused";
}

const NO_PEER = new ProxyError("no_peer_available", "no phase chooses a peer");
