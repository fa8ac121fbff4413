import type { PeerLimitConfig } from "../config/model.ts";
import { ProxyError } from "../core/errors.ts";
import type { Peer } from "../upstream/peer.ts";
import type { Awaitable } from "./awaitable.ts";
import type { GatewaySession } from "./gateway-ctx.ts";

interface Waiter {
  readonly session: GatewaySession;
  readonly settle: (result: Peer | ProxyError) => void;
}

/**
 * Requests of one route that wait for a peer with a free place (Caddy's `max_conns_per_host` lets them wait for ever), first
 * come first served. A client that goes leaves it; past the time limit, or past the number, they get 503 with Retry-After.
 * Whoever is given a place has it from that moment on, so that nobody else takes it meanwhile.
 */
export class PeerQueue {
  readonly #peers: () => readonly Peer[];
  /** Those whose free places are told of. */
  #listened: readonly Peer[] = [];
  readonly #limit: PeerLimitConfig;
  readonly #select: (session: GatewaySession) => Peer | undefined;
  readonly #waiters = new Set<Waiter>();

  constructor(
    peers: () => readonly Peer[],
    limit: PeerLimitConfig,
    select: (session: GatewaySession) => Peer | undefined,
  ) {
    this.#peers = peers;
    this.#limit = limit;
    this.#select = select;
  }

  /** Whether a request has to wait, or at least to come after others: a peer is full that would do otherwise. */
  get isWorthWaiting(): boolean {
    return this.isWaitedIn || this.#peers().some((peer) => peer.isFull && peer.isUp);
  }

  /** Somebody waits. Who comes later has to wait behind them. */
  get isWaitedIn(): boolean {
    return this.#waiters.size > 0;
  }

  /** The peer that a request gets in its turn, which holds it already. */
  wait(session: GatewaySession): Awaitable<Peer | ProxyError> {
    const { maxQueued, queueTimeoutMs } = this.#limit;
    if (this.#waiters.size >= maxQueued) {
      return new ProxyError("queue_full", `${maxQueued} requests wait for a place already`);
    }
    const { promise, resolve } = Promise.withResolvers<Peer | ProxyError>();
    const { signal } = session.request;
    const waiter: Waiter = {
      session,
      settle: (result) => {
        clearTimeout(timer);
        signal.removeEventListener("abort", leave);
        this.#remove(waiter);
        resolve(result);
      },
    };
    const leave = (): void => waiter.settle(new ProxyError("client_gone", "the client left while it waited"));
    const timer = setTimeout(
      () => waiter.settle(new ProxyError("queue_timeout", `no place within ${queueTimeoutMs} ms`)),
      queueTimeoutMs,
    );
    signal.addEventListener("abort", leave);
    if (this.#waiters.size === 0) this.#listenTo(this.#peers());
    this.#waiters.add(waiter);
    if (signal.aborted) leave();
    return promise;
  }

  /** The peers are other ones: whoever waits may have a place among them now. */
  onPeersChanged(): void {
    if (this.#waiters.size === 0) return;
    this.#listenTo(this.#peers());
    this.#serve();
  }

  /** There may be places: those who may have them get them. */
  readonly #serve = (): void => {
    for (const { session, settle } of this.#waiters) {
      const peer = this.#select(session);
      // Where the first one finds nobody, no other does: every policy takes any peer that is available.
      if (peer === undefined) return;
      session.hold(peer);
      this.#yieldTurn(peer);
      settle(peer);
    }
  };

  /** The peer's next free place is for whoever else waits for it: other routes have queues of their own. */
  #yieldTurn({ life }: Peer): void {
    if (life.onFreed.delete(this.#serve)) life.onFreed.add(this.#serve);
  }

  #remove(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    if (this.#waiters.size === 0) this.#listenTo([]);
  }

  #listenTo(peers: readonly Peer[]): void {
    for (const { life } of this.#listened) life.onFreed.delete(this.#serve);
    for (const { life } of peers) life.onFreed.add(this.#serve);
    this.#listened = peers;
  }
}
