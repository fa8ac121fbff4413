import type { Log } from "../../observe/log.ts";
import type { Peer } from "../peer.ts";
import { matchesStatus } from "../status-pattern.ts";

/**
 * Learns of peers from real requests (Caddy's passive health checks and a circuit breaker). What it finds makes a peer
 * suspect: it is spared while another is available, so that the last one is never taken out. Says so once, and once more
 * when a request on it went well after that.
 */
export class PassiveHealth {
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /** An attempt is made. */
  onAttempt(peer: Peer): void {
    peer.life.breaker?.onAttempt();
  }

  /** The head of an answer came after so long. */
  onAnswer(peer: Peer, status: number, tookMs: number): void {
    const { unhealthyStatuses, unhealthyLatencyMs } = peer.options.passiveHealth;
    for (const pattern of unhealthyStatuses) {
      if (matchesStatus(pattern, status)) return this.onFailure(peer, `it answered ${status}`);
    }
    if (unhealthyLatencyMs > 0 && tookMs > unhealthyLatencyMs) {
      return this.onFailure(peer, `its answer took ${Math.round(tookMs)} ms`);
    }
    const { breaker } = peer.life;
    // To a breaker an error of the server's is one, whatever else is configured.
    if (breaker !== undefined && status >= 500) {
      const now = performance.now();
      breaker.onOutcome(false, now);
      return this.#noteSuspect(peer, `it answered ${status}`, now);
    }
    breaker?.onOutcome(true, performance.now());
    if (peer.life.wasSuspect && !peer.isSuspect) {
      peer.life.wasSuspect = false;
      this.#log.info("peer is trusted again", { peer: peer.name });
    }
  }

  /** An attempt failed, or an answer broke off. */
  onFailure(peer: Peer, reason: string): void {
    const now = performance.now();
    const { life, options } = peer;
    const { failDurationMs } = options.passiveHealth;
    life.lastFailure = { reason, at: Date.now() };
    if (failDurationMs > 0) life.failures.add(failDurationMs, now);
    life.breaker?.onOutcome(false, now);
    this.#noteSuspect(peer, reason, now);
  }

  /** An attempt ended and tells nothing of the peer: the client left. */
  onNothing(peer: Peer): void {
    peer.life.breaker?.onNothing();
  }

  #noteSuspect(peer: Peer, reason: string, now: number): void {
    const { life } = peer;
    if (life.wasSuspect || !peer.hasFailedTooOften(now)) return;
    life.wasSuspect = true;
    this.#log.warn("peer is suspect: others are preferred", { peer: peer.name, reason });
  }
}
