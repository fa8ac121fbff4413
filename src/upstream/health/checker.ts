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

/** One peer that is looked at, and how its looks went lately. */
interface Look {
  readonly peer: Peer;
  readonly check: ActiveHealthConfig;
  goodInRow: number;
  badInRow: number;
  timer: Timer | undefined;
  isOver: boolean;
}

/**
 * Active health checks (Caddy's `health_*`, Pingora's `TcpHealthCheck`): a peer that fails so many in a row is taken out
 * until it passes so many. Speaks only when a state changes. Made for one configuration: an address that several routes
 * forward to is looked at once, by a request rather than by a connection alone, and as often as the most careful wants.
 * Its peers may become others while it is at work.
 */
export class HealthChecker implements Disposable {
  #watched: readonly Watched[];
  readonly #log: Log;
  readonly #probe: Probe;
  readonly #draw: () => number;
  readonly #onVerdicts: CheckerParts["onVerdicts"];
  readonly #looks = new Map<PeerLife, Look>();
  #isStarted = false;

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
    this.#isStarted = true;
    this.#begin();
  }

  /** Looks at these from now on: those that it looks at in this way already go on as they are. */
  follow(watched: Iterable<Watched>): void {
    this.#watched = onePerLife(watched);
    if (this.#isStarted) this.#begin();
  }

  [Symbol.dispose](): void {
    this.#isStarted = false;
    for (const look of this.#looks.values()) end(look);
    this.#looks.clear();
  }

  #begin(): void {
    const lives = new Set(this.#watched.map(({ peer }) => peer.life));
    for (const [life, look] of this.#looks) {
      if (lives.has(life)) continue;
      this.#forget(look);
      life.down = undefined;
    }
    for (const { peer, check } of this.#watched) {
      const known = this.#looks.get(peer.life);
      if (known !== undefined && known.peer === peer && known.check === check) continue;
      if (known !== undefined) this.#forget(known);
      if (check !== undefined && check.intervalMs > 0) {
        const look: Look = { peer, check, goodInRow: 0, badInRow: 0, timer: undefined, isOver: false };
        this.#looks.set(peer.life, look);
        void this.#look(look);
      } else peer.life.down = undefined;
    }
    this.#tell();
  }

  #forget(look: Look): void {
    end(look);
    this.#looks.delete(look.peer.life);
  }

  async #look(look: Look): Promise<void> {
    const { peer, check } = look;
    const result = await this.#probe(peer, check);
    if (look.isOver) return;
    if (result === true) {
      look.badInRow = 0;
      look.goodInRow++;
      if (!peer.healthy && look.goodInRow >= check.passes) this.#bringBack(peer);
    } else if (result !== undefined) {
      look.goodInRow = 0;
      look.badInRow++;
      if (peer.healthy && look.badInRow >= check.fails) this.#takeOut(peer, result);
    }
    look.timer = setTimeout(() => void this.#look(look), pauseMs(check.intervalMs, look.badInRow, this.#draw()));
    look.timer.unref();
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

function end(look: Look): void {
  look.isOver = true;
  clearTimeout(look.timer);
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
