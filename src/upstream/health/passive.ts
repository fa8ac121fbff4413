import type { Log } from "../../observe/log.ts";
import type { Peer } from "../peer.ts";
import type { PeerFailure } from "../peer-life.ts";
import { matchesStatus } from "../status-pattern.ts";
import type { Trial } from "./breaker.ts";

/** The head of an answer, as passive health looks at it. */
export interface Answered {
  readonly status: number;
  /** From the attempt's beginning to the head. */
  readonly tookMs: number;
  readonly trial: Trial;
}

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

  /** The head of an answer came. False: it counts as a failure. */
  onAnswer(peer: Peer, { status, tookMs, trial }: Answered): boolean {
    const { breaker, options } = peer;
    const now = performance.now();
    const fault = faultOf(options.passiveHealth, status, tookMs);
    if (fault !== undefined) {
      this.onFailure(peer, fault, trial);
      return false;
    }
    // To a breaker an error of the server's is one, whatever else is configured.
    if (breaker !== undefined && status >= 500) {
      peer.life.lastFailure = { ...answered(status), at: Date.now() };
      breaker.onOutcome(false, trial, now);
      this.#noteSuspect(peer, answered(status).detail, now);
      return false;
    }
    breaker?.onOutcome(true, trial, now);
    if (peer.life.wasSuspect && !peer.isSuspect) {
      peer.life.wasSuspect = false;
      this.#log.info("peer is trusted again", { peer: peer.name });
    }
    return true;
  }

  /** An attempt failed. */
  onFailure(peer: Peer, failure: Fault, trial: Trial): void {
    const now = performance.now();
    peer.breaker?.onOutcome(false, trial, now);
    this.#strike(peer, failure, now);
  }

  /** An answer that seemed well broke off. */
  onBroken(peer: Peer, failure: Fault, trial: Trial): void {
    const now = performance.now();
    peer.breaker?.onBroken(trial, now);
    this.#strike(peer, failure, now);
  }

  #strike(peer: Peer, failure: Fault, now: number): void {
    const { failDurationMs } = peer.options.passiveHealth;
    // Not the error itself, which may hold what it came from.
    peer.life.lastFailure = { kind: failure.kind, detail: failure.detail, at: Date.now() };
    if (failDurationMs > 0) peer.life.failures.add(failDurationMs, now);
    this.#noteSuspect(peer, reasonOf(failure), now);
  }

  #noteSuspect(peer: Peer, reason: string, now: number): void {
    const { life } = peer;
    if (life.wasSuspect || !peer.hasFailedTooOften(now)) return;
    life.wasSuspect = true;
    this.#log.warn("peer is suspect: others are preferred", { peer: peer.name, reason });
  }
}

type Fault = Omit<PeerFailure, "at">;

function faultOf(
  { unhealthyStatuses, unhealthyLatencyMs }: Peer["options"]["passiveHealth"],
  status: number,
  tookMs: number,
): Fault | undefined {
  for (const pattern of unhealthyStatuses) if (matchesStatus(pattern, status)) return answered(status);
  if (unhealthyLatencyMs === 0 || tookMs <= unhealthyLatencyMs) return undefined;
  return { kind: LATENCY, detail: `its answer took ${Math.round(tookMs)} ms` };
}

/** What a peer is charged with that is no error of the exchange. */
const STATUS = "unhealthy_status";
const LATENCY = "unhealthy_latency";

function answered(status: number): Fault {
  return { kind: STATUS, detail: `it answered ${status}` };
}

/** In words, for the log. */
function reasonOf({ kind, detail }: Fault): string {
  return kind === STATUS || kind === LATENCY ? detail : `${kind}: ${detail}`;
}
