import type { AdminConfig, Config, LogConfig } from "../config/model.ts";
import { hasErrors, placeText, type Problem } from "../config/problem.ts";
import type { Log, LogFacts } from "../observe/log.ts";
import { PastReloads } from "./past-reloads.ts";
import { restartProblems } from "./restart-settings.ts";
import type { ListenFailure, ReloadResult, Worker } from "./worker.ts";

/** Who asked for a reload. */
export type ReloadTrigger = "SIGHUP" | "SIGUSR1" | "command" | "watch" | "admin";

/** What a command line and its files say now. */
export interface LoadedConfig {
  /** Undefined when a problem is an error. */
  readonly config: Config | undefined;
  readonly log: LogConfig;
  readonly admin: AdminConfig;
  readonly problems: readonly Problem[];
  /** Every file that was read, or that was to be. */
  readonly files: readonly string[];
}

/** What came of a reload, for whoever asked. It can be sent as JSON. */
export interface ReloadReport {
  readonly isReloaded: boolean;
  /** Why not; or what changed, in numbers. */
  readonly summary: string;
  readonly problems: readonly Problem[];
}

export interface ReloaderOptions {
  readonly worker: Pick<Worker, "config" | "reload">;
  readonly log: Log;
  /** Reads the same command line and files again. */
  readonly load: () => Promise<LoadedConfig>;
  /** How the log was set up at the start. */
  readonly logConfig: LogConfig;
  /** Tells a person why an address could not be listened on. */
  readonly listenProblem: (failure: ListenFailure) => Problem;
  readonly watcher?: ReloadWatcher | undefined;
}

/** Told of reloads, each of which ends before the next begins. */
export interface ReloadWatcher {
  reloading(): void;
  reloaded(report: ReloadReport): void;
}

/** Puts what the files say now to work, one reload after the other, and says in the log what came of each. */
export class Reloader {
  readonly past = new PastReloads();
  readonly #options: ReloaderOptions;
  #running: Promise<ReloadReport> | undefined = undefined;
  /** The one that follows: it reads the files after every trigger that waits for it. */
  #next: Promise<ReloadReport> | undefined = undefined;
  /** Told after each reload which files were read, and when that began, by `Date.now()`. */
  onFiles: ((files: readonly string[], readAt: number) => void) | undefined = undefined;
  /** Waited for after each reload that was done, with what it went by. */
  onReloaded: ((loaded: LoadedConfig) => Promise<void>) | undefined = undefined;

  constructor(options: ReloaderOptions) {
    this.#options = options;
  }

  /** Never rejects. Triggers that come while a reload is under way share the one that follows it. */
  reload(trigger: ReloadTrigger): Promise<ReloadReport> {
    if (this.#next !== undefined) return this.#next;
    if (this.#running === undefined) return this.#begin(trigger);
    this.#next = this.#running.then(() => {
      this.#next = undefined;
      return this.#begin(trigger);
    });
    return this.#next;
  }

  #begin(trigger: ReloadTrigger): Promise<ReloadReport> {
    const { watcher } = this.#options;
    watcher?.reloading();
    this.#running = this.#attempt(trigger)
      .catch((error: unknown) => this.#refuse(trigger, `a bug: ${words(error)}`, []))
      .then((report) => {
        watcher?.reloaded(report);
        return report;
      })
      .finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #attempt(trigger: ReloadTrigger): Promise<ReloadReport> {
    const { worker, load, log, logConfig, listenProblem } = this.#options;
    const began = performance.now();
    const readAt = Date.now();
    const loaded = await load();
    this.onFiles?.(loaded.files, readAt);
    const { config, problems } = loaded;
    if (config === undefined || hasErrors(problems)) {
      return this.#refuse(trigger, "the configuration has errors", problems);
    }
    const before = worker.config;
    const result = await worker.reload(config);
    if (result.type === "stopping") return this.#refuse(trigger, "the process is stopping", []);
    if (result.type === "cannot_listen") {
      return this.#refuse(trigger, "an address cannot be listened on", [
        ...problems,
        ...result.failures.map(listenProblem),
      ]);
    }
    if (result.type === "failed") return this.#refuse(trigger, result.reason, []);
    this.past.note(Date.now(), undefined);
    const changes = changesOf(result);
    log.info("configuration reloaded", { trigger, ...changes, ms: Math.round(performance.now() - began) });
    const warnings = [...problems, ...restartProblems({ before, logBefore: logConfig, after: config, ...loaded })];
    for (const { message, place, seen } of warnings) log.warn(message, { at: placeText(place), seen });
    await this.onReloaded?.(loaded);
    const numbers = Object.entries(changes).map(([name, count]) => `${name} ${count}`);
    return { isReloaded: true, summary: numbers.join(", ") || "nothing changed", problems: warnings };
  }

  #refuse(trigger: ReloadTrigger, summary: string, problems: readonly Problem[]): ReloadReport {
    const { log } = this.#options;
    this.past.note(Date.now(), summary);
    const errors = problems.filter((problem) => problem.severity === "error");
    const count = errors.length > 0 ? errors.length : undefined;
    log.error("reload failed, the old configuration stays", { trigger, reason: summary, errors: count });
    for (const { message, place, seen, expected, help } of errors) {
      log.error(message, { at: placeText(place), seen, expected, help });
    }
    return { isReloaded: false, summary, problems };
  }
}

/** The numbers that are not 0. */
function changesOf(result: Extract<ReloadResult, { type: "reloaded" }>): LogFacts {
  const { routes, upstreams, listeners, leavingStreams } = result;
  const all = {
    routes_added: routes.added,
    routes_removed: routes.removed,
    routes_changed: routes.changed,
    upstreams_added: upstreams.added,
    upstreams_removed: upstreams.removed,
    listeners_opened: listeners.opened,
    listeners_closed: listeners.closed,
    listeners_replaced: listeners.replaced,
    streams_leaving: leavingStreams,
  };
  return Object.fromEntries(Object.entries(all).filter(([, count]) => count > 0));
}

function words(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
