import type { PolicyConfig } from "../config/model.ts";
import type { Peer } from "./peer.ts";

/**
 * Chooses a peer for one attempt.
 *
 * @param tried peers that this request has already failed on; one of them is taken only when nothing else
 * is available
 * @returns undefined when no peer is available at all
 */
export type Selection = (tried: readonly Peer[]) => Peer | undefined;

/** Makes the selection of a policy over the peers of one route. */
export function compileSelection(policy: PolicyConfig, peers: readonly Peer[]): Selection {
  switch (policy.type) {
    case "round_robin":
      return roundRobin(peers);
    case "random":
      return random(peers);
    case "first":
      return first(peers);
    default:
      // The others come with the policies of their own files.
      return roundRobin(peers);
  }
}

/** Any available peer, each as likely as the others (Caddy's `random`). */
export function random(peers: readonly Peer[], draw: () => number = Math.random): Selection {
  const only = peers.length === 1 ? peers[0] : undefined;
  if (only !== undefined) return () => (only.available ? only : undefined);
  return (tried) => {
    // Drawn among those that are available, so that the neighbours of one that is down get no more than the others.
    const untried = peers.filter((peer) => peer.available && !tried.includes(peer));
    const pool = untried.length > 0 ? untried : peers.filter((peer) => peer.available);
    return pool[Math.floor(draw() * pool.length)];
  };
}

/** The first available peer in the order of the configuration (Caddy's `first`): the others are its stand-ins. */
function first(peers: readonly Peer[]): Selection {
  return (tried) =>
    peers.find((peer) => peer.available && !tried.includes(peer)) ?? peers.find((peer) => peer.available);
}

/** Each available peer in turn (Caddy's and Pingora's round_robin). Keeps one counter per configuration. */
export function roundRobin(peers: readonly Peer[]): Selection {
  const only = peers.length === 1 ? peers[0] : undefined;
  if (only !== undefined) return () => (only.available ? only : undefined);
  let next = 0;
  return (tried) => {
    const start = next;
    next = (next + 1) % peers.length;
    let fallback: Peer | undefined;
    for (let offset = 0; offset < peers.length; offset++) {
      const peer = peers[(start + offset) % peers.length];
      if (peer === undefined || !peer.available) continue;
      if (!tried.includes(peer)) {
        next = (start + offset + 1) % peers.length;
        return peer;
      }
      fallback ??= peer;
    }
    return fallback;
  };
}
