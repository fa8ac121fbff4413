import type { Peer } from "../upstream/peer.ts";
import { ExactLane } from "./exact/exact-lane.ts";
import { FetchLane } from "./fetch-lane.ts";
import type { Lane, Outgoing } from "./lane.ts";

/**
 * Bun's fetch keeps 64 idle connections in a process (1.4.5), so with more requests than that in flight each one
 * that ends closes a connection and the next one opens one. What is past this number takes the exact lane.
 */
const FETCH_CONNECTIONS = 60;

interface PeerLanes {
  readonly fetch: Lane;
  readonly exact: Lane;
  /** One connection carries many requests: there is no such limit. */
  readonly isMultiplexed: boolean;
  /** The exact lane is the usual one. */
  readonly isExact: boolean;
}

/** Until the connections of a peer that is gone are looked at again. */
const CLOSE_INTERVAL_MS = 1_000;

/** The ways to every peer of a worker, with their pools of idle connections. */
export class Lanes implements Disposable {
  readonly #byPeer = new Map<Peer, PeerLanes>();
  /** Those of peers that are gone, for requests that began before: they go on, but keep no connection for later. */
  readonly #gone = new WeakMap<Peer, PeerLanes>();
  /** Those of them that may still have connections. */
  readonly #closing = new Map<Peer, PeerLanes>();
  #timer: Timer | undefined = undefined;

  /** The way that sends this message to this peer without changing it. */
  of(peer: Peer, outgoing: Outgoing): Lane {
    const lanes = this.#byPeer.get(peer) ?? this.#open(peer);
    // It takes a fifth less processor time than fetch; but fetch alone streams uploads natively.
    if (lanes.isExact && !(outgoing.body instanceof ReadableStream)) return lanes.exact;
    if (ExactLane.isNeeded(outgoing.target, outgoing.headers)) return lanes.exact;
    // A body outlives one fetch that found nobody, not two (Bun 1.4.5); the exact lane takes it when it has a connection.
    if (outgoing.isRepeated === true && outgoing.body instanceof ReadableStream && !lanes.isMultiplexed)
      return lanes.exact;
    const isCrowded = peer.inFlight * this.#byPeer.size > FETCH_CONNECTIONS;
    return isCrowded && !lanes.isMultiplexed ? lanes.exact : lanes.fetch;
  }

  /** Closes the connections of all other peers: idle ones now, those in use when they are no longer. */
  retain(used: ReadonlySet<Peer>): void {
    for (const [peer, lanes] of this.#byPeer) {
      if (used.has(peer)) continue;
      this.#byPeer.delete(peer);
      this.#gone.set(peer, lanes);
      this.#closing.set(peer, lanes);
    }
    if (this.#closing.size > 0) this.#close();
  }

  /** Closes idle connections; attempts in flight finish. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const lanes of [...this.#byPeer.values(), ...this.#closing.values()]) close(lanes);
    this.#byPeer.clear();
    this.#closing.clear();
  }

  #open(peer: Peer): PeerLanes {
    const gone = this.#gone.get(peer);
    if (gone !== undefined) {
      this.#closing.set(peer, gone);
      this.#timer ??= setTimeout(this.#close, CLOSE_INTERVAL_MS);
      return gone;
    }
    const isMultiplexed = peer.tls.http2;
    const isExact = peer.options.client === "exact" && !isMultiplexed;
    const lanes = { fetch: new FetchLane(peer), exact: new ExactLane(peer), isMultiplexed, isExact };
    this.#byPeer.set(peer, lanes);
    return lanes;
  }

  /** Fetch puts a connection into its pool when a request is over, also after the pool was emptied (Bun 1.4.5). */
  readonly #close = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const [peer, lanes] of this.#closing) {
      close(lanes);
      if (!peer.isInUse) this.#closing.delete(peer);
    }
    if (this.#closing.size === 0) return;
    this.#timer = setTimeout(this.#close, CLOSE_INTERVAL_MS);
    this.#timer.unref();
  };
}

function close(lanes: PeerLanes): void {
  lanes.fetch[Symbol.dispose]();
  lanes.exact[Symbol.dispose]();
}
