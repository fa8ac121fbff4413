import type { Log } from "../observe/log.ts";
import { EXIT_FORCED, EXIT_OK } from "./exit.ts";
import type { StopResult } from "./worker.ts";

const STOPPING = ["SIGINT", "SIGTERM", "SIGQUIT"] as const;
const RELOADING = ["SIGHUP", "SIGUSR1"] as const;
const REOPENING = "SIGUSR2";

/** What signals stop. */
export interface Stoppable {
  /** Requests and WebSockets that are open. */
  readonly open: number | Promise<number>;
  drain(hurry: AbortSignal): Promise<StopResult>;
  stop(): Promise<void>;
  /** Opens the files of logs anew, which were moved away. */
  reopenLogs(): Promise<void>;
}

export type ReloadSignal = (typeof RELOADING)[number];

/**
 * The signals of a serving process, caught from its making on. Make it before anything listens: a signal that comes
 * between would end the process on the spot.
 */
export class Signals implements Disposable {
  readonly #log: Log;
  readonly #first = Promise.withResolvers<NodeJS.Signals>();
  readonly #hurry = new AbortController();
  #isStopping = false;
  #reload: ((signal: ReloadSignal) => void) | undefined = undefined;
  #reopenLogs: (() => Promise<void>) | undefined = undefined;
  /** One that came before anything could be reloaded. */
  #early: ReloadSignal | undefined = undefined;

  constructor(log: Log) {
    this.#log = log;
    for (const signal of STOPPING) process.on(signal, this.#onStop);
    for (const signal of RELOADING) process.on(signal, this.#onReload);
    process.on(REOPENING, this.#onReopen);
  }

  [Symbol.dispose](): void {
    for (const signal of STOPPING) process.off(signal, this.#onStop);
    for (const signal of RELOADING) process.off(signal, this.#onReload);
    process.off(REOPENING, this.#onReopen);
  }

  /**
   * Serves until a signal says otherwise and gives the exit code. SIGINT stops fast; SIGTERM and SIGQUIT drain first
   * (Pingora's names); a second signal while draining stops at once. SIGHUP and SIGUSR1 reload, SIGUSR2
   * opens log files anew.
   */
  async serve(worker: Stoppable, reload: (signal: ReloadSignal) => void): Promise<number> {
    const log = this.#log;
    this.#reload = reload;
    this.#reopenLogs = () => worker.reopenLogs();
    if (this.#early !== undefined) reload(this.#early);
    const signal = await this.#first.promise;
    if (signal === "SIGINT") {
      log.info("stopping", { signal, open: await worker.open });
      await worker.stop();
      log.info("stopped");
      return EXIT_OK;
    }
    log.info("draining", { signal, open: await worker.open });
    const result = await worker.drain(this.#hurry.signal);
    log.info("stopped", { result });
    return result === "drained" ? EXIT_OK : EXIT_FORCED;
  }

  readonly #onStop = (signal: NodeJS.Signals): void => {
    if (this.#isStopping) this.#hurry.abort();
    this.#isStopping = true;
    this.#first.resolve(signal);
  };

  /** One that comes before anything is served has nothing to do: no file is open yet. */
  readonly #onReopen = (signal: NodeJS.Signals): void => {
    void this.#reopenLogs?.().then(() => this.#log.info("access logs are opened anew", { signal }));
  };

  readonly #onReload = (signal: NodeJS.Signals): void => {
    const which = signal === "SIGHUP" ? "SIGHUP" : "SIGUSR1";
    if (this.#reload === undefined) this.#early = which;
    else this.#reload(which);
  };
}
