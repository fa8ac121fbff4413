import type { ProxyError } from "../core/errors.ts";
import type { Log } from "../observe/log.ts";
import { PassiveHealth } from "../upstream/health/passive.ts";
import type { Peer } from "../upstream/peer.ts";
import type { GatewayCtx, GatewaySession } from "./gateway-ctx.ts";
import type { ResponseHead } from "./phases.ts";

/**
 * Keeps what failed last on each peer, and tells passive health how the attempts of watched routes went. An attempt counts
 * once. A client that leaves is no fault of its peer.
 */
export class Outcomes {
  readonly #health: PassiveHealth;

  constructor(log: Log) {
    this.#health = new PassiveHealth(log);
  }

  /** The peer is chosen, and asked next. For watched routes alone. */
  onAttempt({ ctx }: GatewaySession, peer: Peer): void {
    ctx.attemptedAt = performance.now();
    ctx.isUnderWay = true;
    ctx.isCharged = false;
    ctx.trial = peer.breaker?.onAttempt();
  }

  /** The head of an answer is there, or a WebSocket is open. */
  onHead({ ctx, peer }: GatewaySession, { status }: ResponseHead): void {
    if (peer === undefined || ctx.route?.isWatched !== true) return;
    settle(ctx, peer);
    const tookMs = performance.now() - ctx.attemptedAt;
    ctx.isCharged = !this.#health.onAnswer(peer, { status, tookMs, trial: ctx.trial });
  }

  /** The attempt failed before its answer went on. */
  onFailure({ ctx }: GatewaySession, peer: Peer, error: ProxyError): void {
    const hadHead = !ctx.isUnderWay;
    settle(ctx, peer);
    if (error.side !== "upstream") return;
    if (ctx.route?.isWatched !== true) return note(peer, error);
    if (!hadHead) this.#health.onFailure(peer, error, ctx.trial);
    else if (!ctx.isCharged) this.#health.onBroken(peer, error, ctx.trial);
    ctx.isCharged = true;
  }

  /** The exchange is over, and failed: where its answer had begun, it broke off. */
  onEnd({ ctx, peer, status }: GatewaySession, error: ProxyError): void {
    if (peer === undefined) return;
    // A bug may have ended it.
    settle(ctx, peer);
    if (error.side !== "upstream" || ctx.isCharged || isNobodys(error)) return;
    // An open WebSocket ends as it likes.
    if (status === 101) return;
    if (ctx.route?.isWatched === true) this.#health.onBroken(peer, error, ctx.trial);
    else note(peer, error);
  }
}

/** An attempt is under way no longer: a breaker has a trial less out. */
function settle(ctx: GatewayCtx, peer: Peer): void {
  if (!ctx.isUnderWay) return;
  ctx.isUnderWay = false;
  peer.breaker?.onOver(ctx.trial);
}

function note({ life }: Peer, { kind, detail }: ProxyError): void {
  life.lastFailure = { kind, detail, at: Date.now() };
}

/** No peer was asked. One that an earlier attempt was made on has nothing to do with it. */
export function isNobodys({ kind }: ProxyError): boolean {
  return kind === "no_peer_available" || kind === "name_not_resolved" || kind.startsWith("queue_");
}
