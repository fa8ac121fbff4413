import type { Peer } from "../peer.ts";

/** Points of a peer of weight 1, as in ketama: shares come within about a tenth of even. */
const POINTS = 160;
/** Most of one peer: weights of SRV go up to 65535, and a ring is made in one go. */
const MOST_POINTS = 32 * POINTS;
/** Room for the number of a peer below a hash of 32 bits, both of which a double holds exactly. */
const NUMBERS = 2 ** 20;

/**
 * A ring of hashes on which every peer has points by its weight; a key belongs to the next point (consistent hashing, as
 * libketama and Pingora do it). One peer more or less of N moves about 1/N of the keys. A peer's points come of its
 * name alone, so that the order of the list and a restart change nothing.
 */
export class Ring {
  readonly #hashes: Uint32Array;
  readonly #owners: readonly Peer[];

  constructor(peers: readonly Peer[], weights: readonly number[]) {
    const pointsEach = pointsOf(peers.map((_, i) => weights[i] ?? 1));
    // By name, so that of two points with one hash the same one is first whatever the order of the list.
    const order = [...peers.keys()].sort((a, b) => ((peers[a]?.name ?? "") < (peers[b]?.name ?? "") ? -1 : 1));
    const points = new Float64Array(pointsEach.reduce((sum, each) => sum + each, 0));
    let made = 0;
    for (const [number, i] of order.entries()) {
      const name = peers[i]?.name;
      for (let n = 0; n < (pointsEach[i] ?? 0); n++) points[made++] = hashOf(`${name}-${n}`) * NUMBERS + number;
    }
    points.sort();
    this.#hashes = Uint32Array.from(points, (point) => Math.floor(point / NUMBERS));
    this.#owners = Array.from(points, (point) => peers[order[point % NUMBERS] ?? 0] as Peer);
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

/**
 * How many points each peer has. Those of large weights are halved until the heaviest peer has no more than it may: neither
 * fitted exactly nor by the sum, so that a peer more or less that is no heavier leaves those of all others as they are.
 */
function pointsOf(weights: readonly number[]): readonly number[] {
  const heaviest = weights.reduce((most, weight) => Math.max(most, weight), 1);
  let perWeight = POINTS;
  while (perWeight * heaviest > MOST_POINTS) perWeight /= 2;
  return weights.map((weight) => Math.max(1, Math.round(weight * perWeight)));
}

function hashOf(text: string): number {
  return Bun.hash.xxHash32(text);
}
