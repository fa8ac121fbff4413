import type { Log } from "../observe/log.ts";
import { EXIT_FORCED, EXIT_OK } from "./exit.ts";
import { afterEvent, type Leaving, type LeavingEvent } from "./leaving.ts";
import type { StopResult } from "./worker.ts";

const STOPPING = { SIGINT: "interrupt", SIGTERM: "terminate", SIGQUIT: "quit" } as const;
const RELOADING = ["SIGHUP", "SIGUSR1"] as const;
const REOPENING = "SIGUSR2";
/** So long a process that got SIGQUIT serves on for one that takes over (Pingora's tries to reach it take as long). */
const SUCCESSOR_MS = 5_000;

/** What signals stop. */
export interface Stoppable {
  /** Requests and WebSockets that are open. */
  readonly open: number | Promise<number>;
  drain(hurry: AbortSignal, successor: boolean): Promise<StopResult>;
  stop(): Promise<void>;
  /** Opens the files of logs anew, which were moved away. */
  reopenLogs(): Promise<void>;
}

/** What other signals do. */
export interface SignalHandlers {
  readonly reload: (signal: ReloadSignal) => void;
  /** Opened anew with the access logs; undefined where there is none. */
  readonly errorLog: { reopen(): void } | undefined;
  /** Told when the way out begins, and of how much is open then. */
  readonly onStopping?: (open: number) => void;
}

export type ReloadSignal = (typeof RELOADING)[number];

/**
 * The signals of a serving process, caught from its making on. Make it before anything listens: a signal that comes
 * between would end the process on the spot.
 */
export class Signals implements Disposable {
  readonly #log: Log;
  readonly #out = Promise.withResolvers<void>();
  readonly #hurry = new AbortController();
  #state: Leaving = { at: "serving" };
  /** What began the way out, for the log. */
  #cause: string = "";
  #waiting: Timer | undefined = undefined;
  #reload: ((signal: ReloadSignal) => void) | undefined = undefined;
  #reopenLogs: (() => Promise<void>) | undefined = undefined;
  /** One that came before anything could be reloaded. */
  #early: ReloadSignal | undefined = undefined;
  /** Told when another process has taken over, before this one drains. */
  onSuccessor: (() => void) | undefined = undefined;

  constructor(log: Log) {
    this.#log = log;
    for (const signal of Object.keys(STOPPING)) process.on(signal, this.#onStop);
    for (const signal of RELOADING) process.on(signal, this.#onReload);
    process.on(REOPENING, this.#onReopen);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#waiting);
    for (const signal of Object.keys(STOPPING)) process.off(signal, this.#onStop);
    for (const signal of RELOADING) process.off(signal, this.#onReload);
    process.off(REOPENING, this.#onReopen);
  }

  /**
   * Serves until a signal or a successor says otherwise and gives the exit code. SIGINT stops fast; SIGTERM drains first;
   * SIGQUIT waits for a successor before that (Pingora's names). A second SIGINT or SIGTERM while draining stops at once.
   * SIGHUP and SIGUSR1 reload, SIGUSR2 opens log files anew.
   */
  async serve(worker: Stoppable, { reload, errorLog, onStopping }: SignalHandlers): Promise<number> {
    const log = this.#log;
    this.#reload = reload;
    this.#reopenLogs = async () => {
      try {
        errorLog?.reopen();
      } catch (error) {
        log.error("the error log cannot be opened anew", { reason: String(error) });
      }
      await worker.reopenLogs();
    };
    if (this.#early !== undefined) reload(this.#early);
    await this.#out.promise;
    const state = this.#state;
    const signal = this.#cause;
    const open = await worker.open;
    onStopping?.(open);
    if (state.at !== "draining") {
      log.info("stopping", { signal, open });
      await worker.stop();
      log.info("stopped");
      return EXIT_OK;
    }
    const { successor } = state;
    log.info("draining", { signal: successor === undefined ? signal : undefined, successor, open });
    const result = await worker.drain(this.#hurry.signal, successor !== undefined);
    log.info("stopped", { result });
    return result === "drained" ? EXIT_OK : EXIT_FORCED;
  }

  /** Whether it is on its way out. */
  get isLeaving(): boolean {
    return this.#state.at === "draining" || this.#state.at === "stopping";
  }

  /** Drains, as SIGTERM has it. @returns false where it is on its way out already */
  leave(cause: string): boolean {
    if (this.isLeaving) return false;
    this.#cause = cause;
    this.#go({ type: "terminate" });
    return true;
  }

  /** Has this process go, since another one serves. @returns why it does not; undefined where it does */
  handOver(pid: number): string | undefined {
    const { at } = this.#state;
    if (at === "serving" || at === "awaiting_successor") this.#go({ type: "successor", pid });
    else if (this.#state.at !== "draining" || this.#state.successor !== pid) {
      return "the running process is on its way out already, or hands over to another one";
    }
    return undefined;
  }

  #go(event: LeavingEvent): void {
    const before = this.#state;
    const after = (this.#state = afterEvent(before, event));
    if (after === before) return;
    clearTimeout(this.#waiting);
    if (event.type === "successor") this.onSuccessor?.();
    if (after.at === "awaiting_successor") {
      this.#log.info("waiting for a process that takes over, serving on", { ms: SUCCESSOR_MS });
      this.#waiting = setTimeout(() => this.#go({ type: "waited" }), SUCCESSOR_MS);
    } else if (before.at === "draining") this.#hurry.abort();
    else this.#out.resolve();
  }

  readonly #onStop = (signal: NodeJS.Signals): void => {
    const isFirst = this.#state.at === "serving" || this.#state.at === "awaiting_successor";
    if (isFirst) this.#cause = signal;
    this.#go({ type: STOPPING[signal as keyof typeof STOPPING] });
  };

  /** One that comes before anything is served has nothing to do: no file is open yet. */
  readonly #onReopen = (signal: NodeJS.Signals): void => {
    void this.#reopenLogs?.().then(() => this.#log.info("logs are opened anew", { signal }));
  };

  readonly #onReload = (signal: NodeJS.Signals): void => {
    const which = signal === "SIGHUP" ? "SIGHUP" : "SIGUSR1";
    if (this.#reload === undefined) this.#early = which;
    else this.#reload(which);
  };
}
