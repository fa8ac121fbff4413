import type { UpstreamAddress } from "../config/model.ts";
import type { PeerDelta } from "../observe/metrics/peer-meter.ts";
import type { DownPeer } from "./health/checker.ts";
import { Peer, type PeerOptions, peerName } from "./peer.ts";
import type { Down, PeerLife } from "./peer-life.ts";
import { type PeerStatus, statusOf } from "./peer-status.ts";

/**
 * The peers of a worker, over all its configurations: who asks again for what is there gets the same peer, with its
 * health, its counters, and (by `Lanes`) its connections.
 */
export class Peers {
  readonly #byName = new Map<string, Peer[]>();
  /** Of addresses that were let go while something was open on them: they may come back before it is over. */
  readonly #leaving = new Map<string, PeerLife>();
  #draining: ReadonlySet<string> = new Set();
  #down: ReadonlyMap<string, Down> = new Map();

  /**
   * The peer of this address that is spoken to in this way. One that differs only in how it is spoken to is another
   * peer with the same life.
   */
  get(address: UpstreamAddress, options: PeerOptions): Peer {
    const name = peerName(address);
    const known = this.#byName.get(name);
    const same = known?.find((peer) => isSpokenToAlike(peer.options, options));
    if (same !== undefined) return same;
    const peer = new Peer(address, pick(options), known?.[0]?.life ?? this.#leaving.get(name));
    if (known !== undefined) known.push(peer);
    else {
      this.#byName.set(name, [peer]);
      this.#leaving.delete(name);
      peer.life.draining = this.#isDrained(peer);
      peer.life.down = this.#down.get(name);
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

  /** These are down and all others up, those that come later included: what a worker that does not look itself is told. */
  setDown(down: readonly DownPeer[]): void {
    this.#down = new Map(down.map(({ name, reason, since }) => [name, { reason, since }]));
    for (const [name, [peer]] of this.#byName) if (peer !== undefined) peer.life.down = this.#down.get(name);
  }

  /** These are down until they are looked at: what a worker that looks itself begins with. */
  markDown(down: readonly DownPeer[]): void {
    for (const { name, reason, since } of down) {
      const [peer] = this.#byName.get(name) ?? [];
      if (peer !== undefined) peer.life.down = { reason, since };
    }
  }

  /** Every address, in the order in which they came. */
  get statuses(): readonly PeerStatus[] {
    const now = performance.now();
    return [...this.#byName.values()].flatMap((peers) => statusOf(peers, now));
  }

  /** What was counted of each address since this was last asked, of those that leave too. */
  takeCounts(): readonly PeerDelta[] {
    const deltas = [...this.#byName].map(([name, [peer]]) => peer?.life.meter.take(name));
    for (const [name, { meter }] of this.#leaving) deltas.push(meter.take(name));
    return deltas.filter((delta) => delta !== undefined);
  }

  /**
   * Forgets all others: to be called when a configuration has taken the place of another, or was given up, and when a name
   * stands for other addresses. What is open on them goes on, and is remembered until then.
   */
  retain(used: ReadonlySet<Peer>): void {
    for (const [name, life] of this.#leaving) if (life.inFlight === 0) this.#leaving.delete(name);
    for (const [name, peers] of this.#byName) {
      const kept = peers.filter((peer) => used.has(peer));
      const [first] = peers;
      if (kept.length === 0) {
        this.#byName.delete(name);
        if (first !== undefined && first.inFlight > 0) this.#leaving.set(name, first.life);
      } else if (kept.length < peers.length) {
        this.#byName.set(name, kept);
        kept[0]?.life.retainBreakers(kept.map((peer) => peer.breaker));
      }
    }
  }

  #isDrained({ name, upstream }: Peer): boolean {
    return this.#draining.has(name) || this.#draining.has(upstream);
  }

  /** How many there are, with the addresses that are let go and still in use. */
  get size(): number {
    let size = this.#leaving.size;
    for (const peers of this.#byName.values()) size += peers.length;
    return size;
  }
}

/** Without what else the configuration of a route holds, which would keep all of it in memory after a reload. */
function pick(options: PeerOptions): PeerOptions {
  const { upstreamTls, timeouts, keepAlive, client, responseBufferBytes, websocket, limit } = options;
  const { passiveHealth, breaker } = options;
  return { upstreamTls, timeouts, keepAlive, client, responseBufferBytes, websocket, limit, passiveHealth, breaker };
}

function isSpokenToAlike(a: PeerOptions, b: PeerOptions): boolean {
  return (
    a.client === b.client &&
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
