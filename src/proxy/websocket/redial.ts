import { ProxyError } from "../../core/errors.ts";
import type { Peer } from "../../upstream/peer.ts";
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

/** Opens the upstream of a client that is held anew, with the handshake of the first time. */
export class Redial<Ctx> {
  readonly #options: RedialOptions<Ctx>;
  /** The one that carries the client, or carried it last. */
  #carrier: Peer;

  constructor(options: RedialOptions<Ctx>, carrier: Peer) {
    this.#options = options;
    this.#carrier = carrier;
  }

  /**
   * Asks the peers that the phases give, each once, the one that the client had before first. One that refuses the client,
   * or would speak another subprotocol, is no way to go on.
   */
  async round(signal: AbortSignal): Promise<HoldOutcome> {
    const { session, phases } = this.#options;
    session.tried = [];
    let outcome: HoldOutcome = "not_yet";
    while (outcome === "not_yet" && !signal.aborted) {
      const peer = phases.heldPeer?.(session, this.#carrier);
      if (peer === undefined || session.tried.includes(peer)) break;
      outcome = await this.#ask(peer, signal);
      session.tried = [...session.tried, peer];
    }
    session.peer = this.#carrier;
    return outcome;
  }

  async #ask(peer: Peer, signal: AbortSignal): Promise<HoldOutcome> {
    const { session, phases, headers, protocol, upgrade } = this.#options;
    session.peer = peer;
    phases.heldAttempt?.(session);
    session.hold(peer);
    const dialed = await dialUpstream(session, peer, new Headers(headers), { ...upgrade, signal });
    if (dialed instanceof ProxyError) {
      session.release();
      phases.attemptFailed?.(session, peer, dialed);
      return "not_yet";
    }
    if (dialed.type === "refused") {
      session.release();
      const { status, headers, body } = dialed.answer;
      phases.heldAnswered?.(session, { status, headers });
      await body?.cancel().catch(() => {});
      return status >= SERVER_ERROR ? "not_yet" : "refused";
    }
    phases.heldAnswered?.(session, { status: 101, headers: dialed.headers });
    if (dialed.headers.get("sec-websocket-protocol") !== protocol) {
      session.release();
      dialed.socket.terminate();
      return "refused";
    }
    this.#carrier = peer;
    return { socket: dialed.socket, peer: peer.name };
  }
}
