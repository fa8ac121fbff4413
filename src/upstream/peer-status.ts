import type { CircuitBreaker } from "./health/breaker.ts";
import type { Peer } from "./peer.ts";
import type { Down, PeerFailure } from "./peer-life.ts";

/** How an address does, for people. Plain: workers tell their supervisor. */
export interface PeerStatus {
  readonly name: string;
  /** The upstream of the configuration that it belongs to: the same, but for one of several addresses of a name. */
  readonly upstream: string;
  readonly isUp: boolean;
  /** Why it is not up, and since when; undefined where it is. */
  readonly down: Down | undefined;
  /** Real requests fail on it: others are preferred. */
  readonly isSuspect: boolean;
  readonly isDraining: boolean;
  /** Requests and WebSockets on it. */
  readonly inFlight: number;
  /** Failures that count now; past the most that a route asks for no more are counted. */
  readonly failures: number;
  /** The worst state of its breakers; undefined where no route has one. */
  readonly breaker: CircuitBreaker["state"] | undefined;
  /** Undefined where nothing failed on it yet. */
  readonly lastFailure: PeerFailure | undefined;
}

/** Of one address, however many ways there are to speak to it. Nothing for none. */
export function statusOf(peers: readonly Peer[], now: number): readonly PeerStatus[] {
  const [peer] = peers;
  if (peer === undefined) return [];
  const { name, upstream, life } = peer;
  const { down, draining: isDraining, inFlight, lastFailure } = life;
  const isSuspect = peers.some((each) => each.hasFailedTooOften(now));
  return [
    {
      name,
      upstream,
      isUp: down === undefined,
      down,
      isSuspect,
      isDraining,
      inFlight,
      failures: life.failures.count(now),
      breaker: worst(peers.map((each) => each.breaker?.state)),
      lastFailure,
    },
  ];
}

/** Of all workers together, in the order in which they are first told. */
export function mergePeers(lists: readonly (readonly PeerStatus[])[]): readonly PeerStatus[] {
  const byName = new Map<string, PeerStatus>();
  for (const peer of lists.flat()) {
    const known = byName.get(peer.name);
    byName.set(peer.name, known === undefined ? peer : together(known, peer));
  }
  return [...byName.values()];
}

/** Of the same address in two workers. */
export function together(a: PeerStatus, b: PeerStatus): PeerStatus {
  return {
    ...a,
    isUp: a.isUp && b.isUp,
    down: a.down ?? b.down,
    isSuspect: a.isSuspect || b.isSuspect,
    inFlight: a.inFlight + b.inFlight,
    failures: a.failures + b.failures,
    breaker: worst([a.breaker, b.breaker]),
    lastFailure: (b.lastFailure?.at ?? 0) > (a.lastFailure?.at ?? 0) ? b.lastFailure : a.lastFailure,
  };
}

function worst(states: readonly PeerStatus["breaker"][]): PeerStatus["breaker"] {
  return (["open", "half_open", "closed"] as const).find((state) => states.includes(state));
}
