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
}

/** The ways to every peer of one configuration, with their pools of idle connections. */
export class Lanes implements Disposable {
  readonly #byPeer = new Map<Peer, PeerLanes>();

  /** The way that sends this message to this peer without changing it. */
  of(peer: Peer, outgoing: Outgoing): Lane {
    let lanes = this.#byPeer.get(peer);
    if (lanes === undefined) {
      lanes = { fetch: new FetchLane(peer), exact: new ExactLane(peer), isMultiplexed: peer.tls.http2 };
      this.#byPeer.set(peer, lanes);
    }
    if (ExactLane.isNeeded(outgoing.target, outgoing.headers)) return lanes.exact;
    const isCrowded = peer.inFlight * this.#byPeer.size > FETCH_CONNECTIONS;
    return isCrowded && !lanes.isMultiplexed ? lanes.exact : lanes.fetch;
  }

  /** Closes idle connections; attempts in flight finish. */
  [Symbol.dispose](): void {
    for (const { fetch, exact } of this.#byPeer.values()) {
      fetch[Symbol.dispose]();
      exact[Symbol.dispose]();
    }
    this.#byPeer.clear();
  }
}
