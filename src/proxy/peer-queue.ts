import type { PeerLimitConfig } from "../config/model.ts";
import { ProxyError } from "../core/errors.ts";
import type { Peer } from "../upstream/peer.ts";
import type { GatewaySession } from "./gateway-ctx.ts";

interface Waiter {
  readonly session: GatewaySession;
  readonly settle: (result: Peer | ProxyError) => void;
}

/**
 * Requests of one route that wait for a peer with a free place (Caddy's `max_conns_per_host` lets them wait for ever), first
 * come first served. A client that goes leaves it; past the time limit, or past the number, they get 503 with Retry-After.
 */
export class PeerQueue {
  readonly #peers: () => readonly Peer[];
  /** Those whose freed places are told of. */
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

  /** Requests that wait. Who comes later has to wait behind them. */
  get size(): number {
    return this.#waiters.size;
  }

  /** True when a peer is full that would do otherwise: to wait is worth while. */
  get isWorthWaiting(): boolean {
    return this.#peers().some((peer) => peer.isFull && peer.isUp);
  }

  /** The peer that a request gets in its turn. */
  wait(session: GatewaySession): Promise<Peer | ProxyError> {
    const { maxQueued, queueTimeoutMs } = this.#limit;
    if (this.#waiters.size >= maxQueued) {
      return Promise.resolve(new ProxyError("queue_full", `${maxQueued} requests wait for a place already`));
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
    this.#listen();
    this.#waiters.add(waiter);
    if (signal.aborted) leave();
    return promise;
  }

  /** The peers are other ones: whoever waits may have a place among them now. */
  onPeersChanged(): void {
    if (this.#waiters.size === 0) return;
    this.#listen();
    this.#offer();
  }

  /** One in a turn of the event loop: only then the peer that it got counts it. */
  readonly #offer = (): void => {
    const before = this.#waiters.size;
    this.#onFreed();
    if (this.#waiters.size > 0 && this.#waiters.size < before) setTimeout(this.#offer, 0);
  };

  /** One place is free: the first who may have it gets it. */
  readonly #onFreed = (): void => {
    for (const waiter of this.#waiters) {
      const peer = this.#select(waiter.session);
      if (peer === undefined) continue;
      waiter.settle(peer);
      return;
    }
  };

  #remove(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    if (this.#waiters.size === 0) this.#listenTo([]);
  }

  /** To the peers of now: they may have changed since others began to wait. */
  #listen(): void {
    const peers = this.#peers();
    if (peers !== this.#listened) this.#listenTo(peers);
  }

  #listenTo(peers: readonly Peer[]): void {
    for (const { life } of this.#listened) life.onFreed.delete(this.#onFreed);
    for (const { life } of peers) life.onFreed.add(this.#onFreed);
    this.#listened = peers;
  }
}
