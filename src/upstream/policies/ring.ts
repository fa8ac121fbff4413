import type { Peer } from "../peer.ts";

/** Points of a peer of weight 1, as in ketama: shares come within about a tenth of even. */
const POINTS = 160;

/**
 * A ring of hashes on which every peer has points by its weight; a key belongs to the next point (consistent hashing, as
 * libketama and Pingora do it). One peer more or less of N moves about 1/N of the keys. A peer's points come of its
 * name alone, so that the order of the list and a restart change nothing.
 */
export class Ring {
  readonly #hashes: Uint32Array;
  readonly #owners: readonly Peer[];

  constructor(peers: readonly Peer[], weights: readonly number[]) {
    const points = peers.flatMap((peer, i) =>
      Array.from({ length: POINTS * (weights[i] ?? 1) }, (_, n) => ({ hash: hashOf(`${peer.name}-${n}`), peer })),
    );
    points.sort((a, b) => a.hash - b.hash || (a.peer.name < b.peer.name ? -1 : 1));
    this.#hashes = Uint32Array.from(points, ({ hash }) => hash);
    this.#owners = points.map(({ peer }) => peer);
  }

  /** The first peer at or after the key's place that fits; who does not is passed over, and only its keys move. */
  find(key: string, fits: (peer: Peer) => boolean): Peer | undefined {
    const { length } = this.#owners;
    const start = this.#placeOf(hashOf(key));
    for (let passed = 0; passed < length; passed++) {
      const at = start + passed;
      const peer = this.#owners[at < length ? at : at - length];
      if (peer !== undefined && fits(peer)) return peer;
    }
    return undefined;
  }

  /** The number of the first point that is not before the hash. */
  #placeOf(hash: number): number {
    let low = 0;
    let high = this.#hashes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#hashes[middle] ?? 0) < hash) low = middle + 1;
      else high = middle;
    }
    return low === this.#hashes.length ? 0 : low;
  }
}

function hashOf(text: string): number {
  return Bun.hash.xxHash32(text);
}
