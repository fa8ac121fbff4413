import net from "node:net";
import type { Log } from "../observe/log.ts";
import type { Peer } from "./peer.ts";

/** A probe may take this long, or the whole interval where that is shorter. Pingora's TCP check waits 1 s. */
const PROBE_TIMEOUT_MS = 1_000;

/** Connects and hangs up; true when the peer accepted. */
export type Probe = (peer: Peer, timeoutMs: number) => Promise<true | string>;

/**
 * Active TCP health checks (Pingora's `TcpHealthCheck`, `--hc-freq`): every interval each peer is connected to;
 * one that does not accept is taken out until it does. Speaks only when a state changes.
 */
export class HealthChecker implements Disposable {
  readonly #peers: readonly Peer[];
  readonly #intervalMs: number;
  readonly #log: Log;
  readonly #probe: Probe;
  readonly #timers = new Set<Timer>();
  #stopped = false;

  constructor(peers: readonly Peer[], intervalMs: number, log: Log, probe: Probe = probeTcp) {
    this.#peers = peers;
    this.#intervalMs = intervalMs;
    this.#log = log;
    this.#probe = probe;
  }

  /** Probes every peer now and then at each interval. Does nothing when the interval is 0. */
  start(): void {
    if (this.#intervalMs <= 0) return;
    for (const peer of this.#peers) void this.#check(peer);
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  async #check(peer: Peer): Promise<void> {
    const result = await this.#probe(peer, Math.min(PROBE_TIMEOUT_MS, this.#intervalMs));
    if (this.#stopped) return;
    const healthy = result === true;
    if (healthy !== peer.healthy) {
      peer.healthy = healthy;
      if (healthy) this.#log.info("peer is up again", { peer: peer.name });
      else this.#log.warn("peer is down", { peer: peer.name, reason: String(result) });
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void this.#check(peer);
    }, this.#intervalMs);
    timer.unref();
    this.#timers.add(timer);
  }
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
