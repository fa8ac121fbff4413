import type { ProxyError } from "../core/errors.ts";
import type { Log } from "../observe/log.ts";
import { PassiveHealth } from "../upstream/health/passive.ts";
import type { Peer } from "../upstream/peer.ts";
import type { GatewaySession } from "./gateway-ctx.ts";
import type { ResponseHead } from "./phases.ts";

/** Tells passive health how the attempts of watched routes went. A client that leaves is no fault of its peer. */
export class Outcomes {
  readonly #health: PassiveHealth;

  constructor(log: Log) {
    this.#health = new PassiveHealth(log);
  }

  /** The peer is chosen, and asked next. */
  onAttempt({ ctx, peer }: GatewaySession): void {
    if (peer === undefined || ctx.route?.isWatched !== true) return;
    ctx.attemptedAt = performance.now();
    this.#health.onAttempt(peer);
  }

  /** The head of an answer is there, or a WebSocket is open. */
  onHead({ ctx, peer }: GatewaySession, { status }: ResponseHead): void {
    if (peer === undefined || ctx.route?.isWatched !== true) return;
    this.#health.onAnswer(peer, status, performance.now() - ctx.attemptedAt);
  }

  /** The attempt failed before its answer went on. */
  onFailure({ ctx }: GatewaySession, peer: Peer, error: ProxyError): void {
    if (ctx.route?.isWatched !== true) return;
    if (error.side !== "upstream") return this.#health.onNothing(peer);
    ctx.charged = error;
    this.#health.onFailure(peer, `${error.kind}: ${error.detail}`);
  }

  /** The exchange is over, and failed: where its answer had begun, it broke off. */
  onEnd({ ctx, peer, status }: GatewaySession, error: ProxyError): void {
    if (peer === undefined || ctx.route?.isWatched !== true || error === ctx.charged || error.side !== "upstream")
      return;
    // An open WebSocket ends as it likes, and a peer that was never asked has done nothing.
    if (status === 101 || error.kind === "no_peer_available" || error.kind.startsWith("queue_")) return;
    this.#health.onFailure(peer, `${error.kind}: ${error.detail}`);
  }
}
