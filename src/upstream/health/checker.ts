import type { ActiveHealthConfig } from "../../config/model.ts";
import type { Log } from "../../observe/log.ts";
import type { Peer } from "../peer.ts";
import type { Down, PeerLife } from "../peer-life.ts";
import { type Probe, probe as realProbe } from "./probe.ts";
import { pauseMs } from "./schedule.ts";

/** A peer, and how it is looked at; undefined is never. */
export interface Watched {
  readonly peer: Peer;
  readonly check: ActiveHealthConfig | undefined;
}

/** What is there for tests to hand in. */
export interface CheckerParts {
  readonly probe?: Probe;
  /** Like `Math.random`. */
  readonly draw?: () => number;
  /** Told of all that are down: at the start, and when one more is, or one less. */
  readonly onVerdicts?: ((down: readonly DownPeer[]) => void) | undefined;
}

/** What active checks say of a peer that is down; all others are up. Plain, as it goes from one worker to others. */
export interface DownPeer extends Down {
  readonly name: string;
}

/** How a peer's looks went lately. */
interface Standing {
  goodInRow: number;
  badInRow: number;
}

/**
 * Active health checks (Caddy's `health_*`, Pingora's `TcpHealthCheck`): a peer that fails so many in a row is taken out
 * until it passes so many. Speaks only when a state changes. Made for one configuration: an address that several routes
 * forward to is looked at once, by a request rather than by a connection alone, and as often as the most careful wants.
 */
export class HealthChecker implements Disposable {
  readonly #watched: readonly Watched[];
  readonly #log: Log;
  readonly #probe: Probe;
  readonly #draw: () => number;
  readonly #onVerdicts: CheckerParts["onVerdicts"];
  readonly #timers = new Set<Timer>();
  #isStopped = false;

  constructor(
    watched: Iterable<Watched>,
    log: Log,
    { probe = realProbe, draw = Math.random, onVerdicts }: CheckerParts = {},
  ) {
    this.#watched = onePerLife(watched);
    this.#log = log;
    this.#probe = probe;
    this.#draw = draw;
    this.#onVerdicts = onVerdicts;
  }

  /** Probes every peer now and then at each interval. One that is not looked at any more counts as up. */
  start(): void {
    for (const { peer, check } of this.#watched) {
      if (check !== undefined && check.intervalMs > 0) void this.#look(peer, check, { goodInRow: 0, badInRow: 0 });
      else peer.life.down = undefined;
    }
    this.#tell();
  }

  [Symbol.dispose](): void {
    this.#isStopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  async #look(peer: Peer, check: ActiveHealthConfig, standing: Standing): Promise<void> {
    const result = await this.#probe(peer, check);
    if (this.#isStopped) return;
    if (result === true) {
      standing.badInRow = 0;
      standing.goodInRow++;
      if (!peer.healthy && standing.goodInRow >= check.passes) this.#bringBack(peer);
    } else {
      standing.goodInRow = 0;
      standing.badInRow++;
      if (peer.healthy && standing.badInRow >= check.fails) this.#takeOut(peer, result);
    }
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        void this.#look(peer, check, standing);
      },
      pauseMs(check.intervalMs, standing.badInRow, this.#draw()),
    );
    timer.unref();
    this.#timers.add(timer);
  }

  #takeOut(peer: Peer, reason: string): void {
    peer.life.down = { reason, since: Date.now() };
    this.#tell();
    this.#log.warn("peer is down", { peer: peer.name, reason });
  }

  #bringBack(peer: Peer): void {
    peer.life.down = undefined;
    this.#tell();
    this.#log.info("peer is up again", { peer: peer.name });
  }

  #tell(): void {
    if (this.#onVerdicts === undefined) return;
    this.#onVerdicts(this.#watched.flatMap(({ peer: { name, life } }) => (life.down ? { name, ...life.down } : [])));
  }
}

function onePerLife(watched: Iterable<Watched>): readonly Watched[] {
  const byLife = new Map<PeerLife, Watched>();
  for (const each of watched) {
    const { life } = each.peer;
    const known = byLife.get(life);
    if (known === undefined || tellsMore(each.check, known.check)) byLife.set(life, each);
  }
  return [...byLife.values()];
}

function tellsMore(one: ActiveHealthConfig | undefined, other: ActiveHealthConfig | undefined): boolean {
  if (one === undefined || one.intervalMs === 0) return false;
  if (other === undefined || other.intervalMs === 0) return true;
  if (one.type !== other.type) return one.type === "http";
  return one.intervalMs < other.intervalMs;
}
