import net from "node:net";
import type { Log } from "../observe/log.ts";
import type { Peer, PeerLife } from "./peer.ts";

/** A probe may take this long, or the whole interval where that is shorter. Pingora's TCP check waits 1 s. */
const PROBE_TIMEOUT_MS = 1_000;

/** Connects and hangs up; true when the peer accepted. */
export type Probe = (peer: Peer, timeoutMs: number) => Promise<true | string>;

/** A peer, and how often it is to be looked at; 0 is never. */
export interface Watched {
  readonly peer: Peer;
  readonly intervalMs: number;
}

/**
 * Active TCP health checks (Pingora's `TcpHealthCheck`, `--hc-freq`): every interval each address is connected to; one
 * that does not accept is taken out until it does. Speaks only when a state changes. Made for one configuration: an
 * address that several routes forward to is looked at once, as often as the most careful of them wants.
 */
export class HealthChecker implements Disposable {
  readonly #watched: readonly Watched[];
  readonly #log: Log;
  readonly #probe: Probe;
  readonly #timers = new Set<Timer>();
  #stopped = false;

  constructor(watched: Iterable<Watched>, log: Log, probe: Probe = probeTcp) {
    this.#watched = onePerLife(watched);
    this.#log = log;
    this.#probe = probe;
  }

  /** Probes every peer now and then at each interval. One that is not looked at any more counts as up. */
  start(): void {
    for (const watched of this.#watched) {
      if (watched.intervalMs > 0) void this.#check(watched);
      else watched.peer.healthy = true;
    }
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  async #check(watched: Watched): Promise<void> {
    const { peer, intervalMs } = watched;
    const result = await this.#probe(peer, Math.min(PROBE_TIMEOUT_MS, intervalMs));
    if (this.#stopped) return;
    const healthy = result === true;
    if (healthy !== peer.healthy) {
      peer.healthy = healthy;
      if (healthy) this.#log.info("peer is up again", { peer: peer.name });
      else this.#log.warn("peer is down", { peer: peer.name, reason: String(result) });
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void this.#check(watched);
    }, intervalMs);
    timer.unref();
    this.#timers.add(timer);
  }
}

function onePerLife(watched: Iterable<Watched>): readonly Watched[] {
  const byLife = new Map<PeerLife, Watched>();
  for (const each of watched) {
    const { life } = each.peer;
    const known = byLife.get(life)?.intervalMs ?? 0;
    if (known === 0 || (each.intervalMs > 0 && each.intervalMs < known)) byLife.set(life, each);
  }
  return [...byLife.values()];
}

/**
 * The real probe: one TCP (or unix) connection, closed at once. By node:net, since a connection that Bun.connect has
 * begun cannot be given up: the sockets of a dead peer's probes would live on for two minutes each (Bun 1.4.5).
 */
export async function probeTcp(peer: Peer, timeoutMs: number): Promise<true | string> {
  const { promise, resolve } = Promise.withResolvers<true | string>();
  const { address } = peer;
  const socket = net.connect(
    address.type === "unix" ? { path: address.path } : { host: address.host, port: address.port },
  );
  socket.once("connect", () => resolve(true));
  socket.on("error", (error) => resolve(error.message));
  const timer = setTimeout(() => resolve(NOT_IN_TIME), timeoutMs);
  const result = await promise;
  clearTimeout(timer);
  socket.destroy();
  return result;
}

const NOT_IN_TIME = "it did not accept a connection in time";
