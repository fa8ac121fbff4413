import type { Exchanges, LiveCertificate, LiveState, LiveWebSocket, Tick } from "../observe/live.ts";
import { exposition, type MetricsFormat } from "../observe/metrics/exposition.ts";
import { type ExchangeFilter, filterKey } from "../observe/metrics/watched.ts";
import type { AdminHandlers, TellEvent, WatchOptions } from "../server/admin/admin-handlers.ts";
import { NO_ROUTE } from "../observe/metrics/worker-meter.ts";
import { type PeerStatus, together } from "../upstream/peer-status.ts";
import { within } from "./answers.ts";
import { Census } from "./census.ts";
import { certificatesOf } from "./certificates.ts";
import { families } from "./families.ts";
import { liveState } from "./live-state.ts";
import type { Ask } from "./messages.ts";
import { openFilesLimit } from "./open-files.ts";
import type { Reloader } from "./reloader.ts";
import { routeKeysOf } from "./route-keys.ts";
import type { Supervisor } from "./supervisor.ts";
import { openFds, processorMs } from "./teller.ts";

/** A worker that does not answer within this is left out. */
const ANSWER_MS = 500;

export interface OverviewOptions {
  readonly supervisor: Supervisor;
  readonly reloader: Pick<Reloader, "past">;
  /** Of this build, as `0.2.0`. */
  readonly version: string;
  /** How often it counts and tells. Default 1 s. */
  readonly everyMs?: number;
}

interface Watcher {
  readonly options: WatchOptions;
  /** Of its filter; undefined where it watches no exchanges. */
  readonly key: string | undefined;
  readonly tell: TellEvent;
}

/**
 * What is known of a running process, for metrics and for whoever watches. Counts from its making on, and owns the timer for
 * that.
 */
export class Overview implements Pick<AdminHandlers, "metrics" | "connections" | "watch">, Disposable {
  readonly #options: OverviewOptions;
  readonly #census: Census;
  readonly #watchers = new Set<Watcher>();
  readonly #startedAt = Math.round(performance.timeOrigin);
  #certificates: { readonly of: unknown; readonly found: readonly LiveCertificate[] } | undefined = undefined;

  constructor(options: OverviewOptions) {
    this.#options = options;
    this.#census = new Census(options.supervisor, options.everyMs);
    this.#census.onTick = (tick, exchanges) => void this.#tellAll(tick, exchanges);
    this.#census.start();
  }

  [Symbol.dispose](): void {
    this.#census[Symbol.dispose]();
    this.#watchers.clear();
  }

  readonly metrics = async (format: MetricsFormat): Promise<string> => {
    const { supervisor, reloader, version } = this.#options;
    const [peers] = await Promise.all([this.#peers(), this.#census.collect(true)]);
    const facts = {
      tally: this.#census.tally,
      peers,
      workers: supervisor.workers,
      reloads: reloader.past,
      certificates: this.#certificatesNow(),
      build: { version, bun: Bun.version },
      own: {
        rssBytes: process.memoryUsage.rss(),
        cpuMs: processorMs(),
        openFds: openFds(),
        maxFds: openFilesLimit(),
        startedAt: this.#startedAt,
      },
    };
    return exposition(families(facts), format);
  };

  readonly connections = async (): Promise<unknown> => {
    const [webSockets] = await Promise.all([this.#webSockets(), this.#census.collect(false)]);
    const workers = [...this.#census.tally.gauges].map(([worker, { inFlight, webSocketsOpen }]) => ({
      worker,
      requests: inFlight,
      webSockets: webSocketsOpen,
    }));
    return { workers, webSockets };
  };

  readonly watch = (options: WatchOptions, tell: TellEvent, end: AbortSignal): void => {
    if (end.aborted) return;
    const { exchanges } = options;
    const watcher: Watcher = { options, tell, key: exchanges && filterKey(exchanges) };
    this.#watchers.add(watcher);
    this.#noteWatchers();
    // From now on, not from the next second on.
    if (options.exchanges) void this.#census.collect(false);
    end.addEventListener(
      "abort",
      () => {
        this.#watchers.delete(watcher);
        this.#noteWatchers();
      },
      { once: true },
    );
    tell("history", { ticks: this.#census.tally.ticks });
    void this.#state().then((state) => {
      if (!end.aborted) tell("state", forWatcher(state, options));
    });
  };

  /** How everything stands now, as one who may change nothing sees it. */
  async #state(): Promise<LiveState> {
    const { supervisor, reloader, version } = this.#options;
    const [peers, webSockets] = await Promise.all([this.#peers(), this.#webSockets()]);
    const { urls, isStopping, config, workers, controls } = supervisor;
    return liveState({
      at: Date.now(),
      now: performance.now(),
      process: { version, pid: process.pid, startedAt: this.#startedAt, urls, isStopping },
      mayWrite: false,
      config,
      tally: this.#census.tally,
      controls: controls.state,
      reloads: reloader.past,
      peers,
      webSockets,
      workers,
      certificates: this.#certificatesNow(),
    });
  }

  async #tellAll(tick: Tick, exchanges: ReadonlyMap<string, Exchanges>): Promise<void> {
    if (this.#census.tally.isCrowded) await this.#forgetGone();
    if (this.#watchers.size === 0) return;
    const state = await this.#state();
    for (const { options, key, tell } of this.#watchers) {
      tell("tick", tick);
      tell("state", forWatcher(state, options));
      const own = key === undefined ? undefined : exchanges.get(key);
      if (own !== undefined && own.exchanges.length + own.untold > 0) tell("exchanges", own);
    }
  }

  /** Reloads and names that stand for other addresses leave counts behind, for ever. */
  async #forgetGone(): Promise<void> {
    const peers = await this.#peers();
    const routes = new Set([...routeKeysOf(this.#options.supervisor.config), NO_ROUTE]);
    this.#census.tally.forgetGone(routes, new Set(peers.map(({ name }) => name)));
  }

  #noteWatchers(): void {
    const filters = new Map<string, ExchangeFilter>();
    for (const { options, key } of this.#watchers) {
      if (key !== undefined && options.exchanges !== undefined) filters.set(key, options.exchanges);
    }
    this.#census.watched = [...filters.values()];
  }

  /** Of all workers together. */
  async #peers(): Promise<readonly PeerStatus[]> {
    const byName = new Map<string, PeerStatus>();
    for (const answer of await this.#ask({ type: "peers" })) {
      for (const peer of answer?.type === "peers" ? answer.peers : []) {
        const known = byName.get(peer.name);
        byName.set(peer.name, known === undefined ? peer : together(known, peer));
      }
    }
    return [...byName.values()];
  }

  async #webSockets(): Promise<readonly LiveWebSocket[]> {
    const answers = await this.#ask({ type: "web_sockets" });
    return answers.flatMap((answer, at) =>
      // Each worker counts its own.
      answer?.type === "web_sockets" ? answer.webSockets.map((each) => ({ ...each, id: `${at + 1}-${each.id}` })) : [],
    );
  }

  async #ask(ask: Ask) {
    const answers = this.#options.supervisor.askEach(ask, this.#census.silent);
    return await Promise.all(answers.map((answer) => answer && within(ANSWER_MS, answer)));
  }

  /** Read once for each configuration. */
  #certificatesNow(): readonly LiveCertificate[] {
    const { config } = this.#options.supervisor;
    if (this.#certificates?.of !== config) this.#certificates = { of: config, found: certificatesOf(config) };
    return this.#certificates.found;
  }
}

function forWatcher(state: LiveState, { mayWrite = false }: WatchOptions): LiveState {
  return mayWrite ? { ...state, mayWrite } : state;
}
