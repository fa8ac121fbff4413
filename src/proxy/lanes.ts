import type { Peer } from "../upstream/peer.ts";
import { ExactLane } from "./exact/exact-lane.ts";
import { FetchLane } from "./fetch-lane.ts";
import type { Lane, Outgoing } from "./lane.ts";

interface PeerLanes {
  readonly fetch: Lane;
  readonly exact: Lane;
}

/** The ways to every peer of one configuration, with their pools of idle connections. */
export class Lanes implements Disposable {
  readonly #byPeer = new Map<Peer, PeerLanes>();

  /** The way that sends this message to this peer without changing it. */
  of(peer: Peer, outgoing: Outgoing): Lane {
    let lanes = this.#byPeer.get(peer);
    if (lanes === undefined) {
      lanes = { fetch: new FetchLane(peer), exact: new ExactLane(peer) };
      this.#byPeer.set(peer, lanes);
    }
    return ExactLane.isNeeded(outgoing.target, outgoing.headers) ? lanes.exact : lanes.fetch;
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
