import type { UpstreamAddress } from "../config/model.ts";
import { Peer, type PeerOptions, peerName } from "./peer.ts";

/** How an address does, for people. */
export interface PeerStatus {
  readonly name: string;
  /** The upstream of the configuration that it belongs to: the same, but for one of several addresses of a name. */
  readonly upstream: string;
  readonly isUp: boolean;
  /** Real requests fail on it: others are preferred. */
  readonly isSuspect: boolean;
  readonly isDraining: boolean;
  /** Requests and WebSockets on it. */
  readonly inFlight: number;
}

/**
 * The peers of a worker, over all its configurations: who asks again for what is there gets the same peer, with its
 * health, its counters, and (by `Lanes`) its connections.
 */
export class Peers {
  readonly #byName = new Map<string, Peer[]>();
  #draining: ReadonlySet<string> = new Set();

  /**
   * The peer of this address that is spoken to in this way. One that differs only in how it is spoken to is another
   * peer with the same life.
   */
  get(address: UpstreamAddress, options: PeerOptions): Peer {
    const name = peerName(address);
    const known = this.#byName.get(name);
    const same = known?.find((peer) => isSpokenToAlike(peer.options, options));
    if (same !== undefined) return same;
    const peer = new Peer(address, pick(options), known?.[0]?.life);
    if (known !== undefined) known.push(peer);
    else {
      this.#byName.set(name, [peer]);
      peer.life.draining = this.#isDrained(peer);
    }
    return peer;
  }

  /**
   * From here on exactly the addresses of these names get no new requests, those that come later included. That of a named
   * upstream is for all of its addresses.
   */
  drain(names: Iterable<string>): void {
    this.#draining = new Set(names);
    for (const [peer] of this.#byName.values()) if (peer !== undefined) peer.life.draining = this.#isDrained(peer);
  }

  /** Those of these names are down, all others up: what a worker that does not probe is told. */
  setDown(names: readonly string[]): void {
    for (const [name, [peer]] of this.#byName) if (peer !== undefined) peer.healthy = !names.includes(name);
  }

  /** Every address, in the order in which they came. */
  get statuses(): readonly PeerStatus[] {
    const now = performance.now();
    return [...this.#byName].flatMap(([name, peers]) => statusOf(name, peers, now));
  }

  /** Forgets all others: to be called when a configuration has taken the place of another, or was given up. */
  retain(used: ReadonlySet<Peer>): void {
    for (const [name, peers] of this.#byName) {
      const kept = peers.filter((peer) => used.has(peer));
      if (kept.length === 0) this.#byName.delete(name);
      else if (kept.length < peers.length) this.#byName.set(name, kept);
    }
  }

  #isDrained({ name, upstream }: Peer): boolean {
    return this.#draining.has(name) || this.#draining.has(upstream);
  }

  /** How many there are. */
  get size(): number {
    let size = 0;
    for (const peers of this.#byName.values()) size += peers.length;
    return size;
  }
}

/** Without what else the configuration of a route holds, which would keep all of it in memory after a reload. */
function pick(options: PeerOptions): PeerOptions {
  const { upstreamTls, timeouts, keepAlive, responseBufferBytes, websocket, limit } = options;
  const { passiveHealth, breaker } = options;
  return { upstreamTls, timeouts, keepAlive, responseBufferBytes, websocket, limit, passiveHealth, breaker };
}

function isSpokenToAlike(a: PeerOptions, b: PeerOptions): boolean {
  return (
    a.responseBufferBytes === b.responseBufferBytes &&
    a.limit.maxRequests === b.limit.maxRequests &&
    Bun.deepEquals(a.passiveHealth, b.passiveHealth, true) &&
    Bun.deepEquals(a.breaker, b.breaker, true) &&
    Bun.deepEquals(a.timeouts, b.timeouts, true) &&
    Bun.deepEquals(a.keepAlive, b.keepAlive, true) &&
    Bun.deepEquals(a.websocket, b.websocket, true) &&
    Bun.deepEquals(a.upstreamTls, b.upstreamTls, true)
  );
}

/** Of an address, however many ways there are to speak to it. */
function statusOf(name: string, peers: readonly Peer[], now: number): readonly PeerStatus[] {
  const [peer] = peers;
  if (peer === undefined) return [];
  const { healthy: isUp, draining: isDraining, inFlight } = peer.life;
  const isSuspect = peers.some((each) => each.hasFailedTooOften(now));
  return [{ name, upstream: peer.upstream, isUp, isSuspect, isDraining, inFlight }];
}
