import type { Config } from "../config/model.ts";
import type { Log } from "../observe/log.ts";
import { AcceptGate } from "../server/accept-gate.ts";
import type { DownPeer } from "../upstream/health/checker.ts";
import type { PeerStatus } from "../upstream/peer-status.ts";
import { type Changes, changesBetween } from "./changes.ts";
import type { ControlState } from "./controls.ts";
import { Generation } from "./generation.ts";
import { type ListenFailure, ListenError, ListenerSet, type Opened } from "./listener-set.ts";
import { openFilesLimit } from "./open-files.ts";
import { OpenFilesWatch } from "./open-files-watch.ts";
import { type Probing, Service } from "./service.ts";
import { Teller } from "./teller.ts";
import { ALONE, type ListeningAt, type Sharing } from "./sharing.ts";

export { ListenError, type ListenFailure };

/** How a stop ended: everything was over, or the grace period was, or a second signal came. */
export type StopResult = "drained" | "forced";

/** The last stream is told to go after this share of the grace period: it needs time to go. */
const SPREAD_SHARE = 0.8;
/** How long connections are taken still when a successor takes them as well: those in use end with an answer meanwhile. */
const FAREWELL_MS = 1_000;

/** What came of a reload. Only "reloaded" changed anything. */
export type ReloadResult = ({ readonly type: "reloaded" } & ReloadChanges) | ReloadRefusal;

/** Why a worker does not take up a configuration; nothing has changed. */
export type ReloadRefusal =
  | { readonly type: "cannot_listen"; readonly failures: readonly ListenFailure[] }
  /** The worker drains, or has stopped. */
  | { readonly type: "stopping" }
  /** A bug: what it says. */
  | { readonly type: "failed"; readonly reason: string };

export interface ReloadChanges extends Changes {
  readonly listeners: { readonly opened: number; readonly closed: number; readonly replaced: number };
  /** WebSockets and event streams that are now told to go. */
  readonly leavingStreams: number;
}

/** One event loop that serves: its listeners, the configuration they serve by, and what outlives that. */
export class Worker {
  readonly teller: Teller;
  readonly #log: Log;
  readonly #service: Service;
  readonly #listeners: ListenerSet;
  #generation: Generation;
  /** Made, and neither committed nor given up. */
  readonly #prepared = new Set<Generation>();
  /** Undefined where there is no limit, or nobody tells. */
  readonly #openFiles: OpenFilesWatch | undefined;
  #isStopping = false;

  /** Made by `startWorker`. */
  constructor(service: Service, generation: Generation, listeners: ListenerSet) {
    this.#log = service.log;
    this.#service = service;
    this.#generation = generation;
    this.#follow(generation);
    this.#listeners = listeners;
    this.teller = new Teller(service, () => listeners.open);
    const limit = openFilesLimit();
    if (limit === undefined || !Number.isFinite(limit)) return;
    this.#openFiles = new OpenFilesWatch({
      limit,
      gate: new AcceptGate(),
      listeners: () => listeners.all,
      log: this.#log,
    });
  }

  /** What it serves by now. */
  get config(): Config {
    return this.#generation.config;
  }

  /** Where it really listens, for people to read, in the order of the configuration. */
  get urls(): readonly string[] {
    return [...this.#generation.listeners.keys()].flatMap((name) => this.#listeners.get(name)?.url ?? []);
  }

  /** Requests and WebSockets that are open. */
  get open(): number {
    return this.#listeners.open;
  }

  /** What is forwarded to, each address once. */
  get peers(): readonly PeerStatus[] {
    return this.#service.peers.statuses;
  }

  /** Maintenance and draining are as this says from now on, whatever is configured later. What is open goes on. */
  control({ maintenance, draining }: ControlState): void {
    this.#service.maintenance.set(maintenance);
    this.#service.peers.drain(draining);
  }

  /** What the worker that looks at peers has found: these are down, all others up. That worker knows better itself. */
  setDown(down: readonly DownPeer[]): void {
    if (!this.#service.probing.isProber) this.#service.peers.setDown(down);
  }

  /** Where each listener really listens, by its name. */
  get listeningAt(): ListeningAt {
    return this.#listeners.listeningAt;
  }

  /**
   * Serves by another configuration from the next request on. Requests in flight finish as they began; WebSockets and
   * event streams stay open where their route and peer do. Where an address cannot be listened on, all stays as it is.
   */
  async reload(config: Config): Promise<ReloadResult> {
    const prepared = await this.prepare(config, ALONE);
    return prepared instanceof Prepared ? await prepared.commit() : prepared;
  }

  /** Compiles another configuration and opens what it listens on, so that nothing is left that can fail. */
  async prepare(config: Config, sharing: Sharing): Promise<Prepared | ReloadRefusal> {
    if (this.#isStopping) return { type: "stopping" };
    const next = this.#compile(config);
    this.#prepared.add(next);
    await next.looked();
    const opened = await this.#listeners.openFor(next, sharing);
    const prepared = new Prepared(opened, {
      commit: () => this.#commit(next, opened),
      abandon: () => this.#giveUp(next, opened),
    });
    if (opened.failures.length === 0 && !this.#isStopping) return prepared;
    prepared.abandon();
    return this.#isStopping ? { type: "stopping" } : { type: "cannot_listen", failures: opened.failures };
  }

  async #commit(next: Generation, opened: Opened): Promise<ReloadResult> {
    if (this.#isStopping) {
      this.#giveUp(next, opened);
      return { type: "stopping" };
    }
    // Nothing fails from here on, and the event loop does not turn: no request sees half of it.
    const before = this.#generation;
    this.#prepared.delete(next);
    this.#generation = next;
    const swapped = this.#listeners.swap(next, opened);
    before[Symbol.dispose]();
    this.#follow(next);
    next.start();
    const leavingStreams = this.#service.streams.drainGone((stream) => !next.hasPlaceFor(stream));
    this.#retain();
    await swapped.settled;
    const changes = changesBetween(before.config, next.config);
    return { type: "reloaded", ...changes, listeners: swapped.counts, leavingStreams };
  }

  /**
   * Takes no new connections, lets requests finish, asks WebSockets (1001) and event streams to go, one after the other
   * within the grace period, and ends as soon as nothing is left, at the latest after the grace period or when `hurry`
   * is aborted.
   *
   * @param successor another process has the addresses already: connections are taken for a moment longer, and each is
   *   closed with its next answer, so that none is closed while a request is on its way
   */
  async drain(hurry: AbortSignal, successor = false): Promise<StopResult> {
    this.#isStopping = true;
    const { gracePeriodMs } = this.config.process;
    const { promise: late, resolve } = Promise.withResolvers<"late">();
    const timer = setTimeout(resolve, gracePeriodMs, "late");
    hurry.addEventListener("abort", () => resolve("late"), { once: true });
    if (hurry.aborted) resolve("late");
    const over = this.#listeners.drain(successor ? Math.min(FAREWELL_MS, gracePeriodMs / 2) : 0);
    this.#service.streams.drainAll(gracePeriodMs * SPREAD_SHARE);
    const first = await Promise.race([over, late]);
    clearTimeout(timer);
    if (first === "late") this.#log.warn("ending what is still open", { open: this.open });
    await this.stop();
    return first === "late" ? "forced" : "drained";
  }

  /** Closes the files of access logs, which were moved away; the next line opens them anew. */
  async reopenLogs(): Promise<void> {
    await this.#service.accessLogs.reopen();
  }

  /** Ends everything now; waits no longer than the shutdown timeout for connections to close. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const closing = Promise.all([this.#listeners.close(), this.#dispose()]);
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, this.config.process.gracefulShutdownTimeoutMs);
    await Promise.race([closing, late]);
    clearTimeout(timer);
  }

  #compile(config: Config): Generation {
    try {
      return new Generation(config, this.#service);
    } catch (error) {
      // A bug, since the configuration was checked; what was made of it is forgotten all the same.
      this.#retain();
      throw error;
    }
  }

  #giveUp(next: Generation, opened: Opened): void {
    this.#prepared.delete(next);
    next[Symbol.dispose]();
    for (const listener of opened.listeners.values()) void listener.close();
    this.#retain();
  }

  /** Lets go of the peers that a name stands for no more. */
  #follow(generation: Generation): void {
    generation.onPeersChanged = () => this.#retain();
  }

  /** What serves, or may serve soon. */
  #retain(): void {
    const used = new Set([this.#generation, ...this.#prepared].flatMap(({ peers }) => [...peers]));
    this.#service.peers.retain(used);
    this.#service.lanes.retain(used);
  }

  async #dispose(): Promise<void> {
    this.#openFiles?.[Symbol.dispose]();
    this.#generation[Symbol.dispose]();
    await this.#service[Symbol.asyncDispose]();
  }
}

/** A configuration that a worker could serve by at once. It is committed or abandoned, one of both, once. */
export class Prepared {
  /** Where its new listeners listen already, by their names. */
  readonly listeningAt: ListeningAt;
  readonly commit: () => Promise<ReloadResult>;
  readonly abandon: () => void;

  constructor(opened: Opened, { commit, abandon }: Pick<Prepared, "commit" | "abandon">) {
    this.listeningAt = Object.fromEntries([...opened.listeners].map(([name, { address }]) => [name, address]));
    this.commit = commit;
    this.abandon = abandon;
  }
}

/**
 * Builds the service and opens every listener.
 *
 * @throws ListenError with every address that could not be listened on
 */
export async function startWorker(config: Config, log: Log, sharing = ALONE, probing?: Probing): Promise<Worker> {
  const service = new Service(log, probing);
  const generation = new Generation(config, service);
  await generation.looked();
  const listeners = new ListenerSet();
  const opened = await listeners.openFor(generation, sharing);
  if (opened.failures.length > 0) {
    await Promise.all([...opened.listeners.values()].map((listener) => listener.close()));
    generation[Symbol.dispose]();
    await service[Symbol.asyncDispose]();
    throw new ListenError(opened.failures);
  }
  listeners.swap(generation, opened);
  if (service.probing.isProber) service.peers.markDown(service.probing.down);
  else service.peers.setDown(service.probing.down);
  generation.start();
  return new Worker(service, generation, listeners);
}
