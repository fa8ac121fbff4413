import type { Config, ListenerConfig } from "../config/model.ts";
import type { Log } from "../observe/log.ts";
import type { BridgeData } from "../proxy/bridge.ts";
import { Service } from "./service.ts";
import { Listener } from "../server/listener.ts";
import { removeStaleSocket } from "../server/unix-socket.ts";

/** A listener that could not be opened. */
export interface ListenFailure {
  readonly listener: ListenerConfig;
  /** Bun's error, whose `code` is EADDRINUSE, EACCES, EADDRNOTAVAIL or the like. */
  readonly error: unknown;
}

/** Thrown by `startWorker` with every listener that failed; nothing listens then. */
export class ListenError extends Error {
  readonly failures: readonly ListenFailure[];

  constructor(failures: readonly ListenFailure[]) {
    super("cannot listen");
    this.failures = failures;
  }
}

/** How a stop ended: everything was over, or the grace period was, or a second signal came. */
export type StopResult = "drained" | "forced";

/** One event loop that serves: its listeners and the service they hand requests to. */
export class Worker {
  readonly #config: Config;
  readonly #log: Log;
  readonly #service: Service;
  readonly #listeners: readonly Listener<BridgeData>[];

  constructor(config: Config, log: Log, service: Service, listeners: readonly Listener<BridgeData>[]) {
    this.#config = config;
    this.#log = log;
    this.#service = service;
    this.#listeners = listeners;
  }

  /** Where it really listens, for people to read, in the order of the configuration. */
  get urls(): readonly string[] {
    return this.#listeners.map((listener) => listener.url);
  }

  /** Requests and WebSockets that are open. */
  get open(): number {
    return this.#listeners.reduce((sum, listener) => sum + listener.open, 0);
  }

  /**
   * Takes no new connections, lets requests finish, asks WebSockets to go with 1001, and ends as soon as nothing
   * is left, at the latest after the grace period or when `hurry` is aborted.
   */
  async drain(hurry: AbortSignal): Promise<StopResult> {
    const { gracePeriodMs } = this.#config.process;
    const { promise: late, resolve } = Promise.withResolvers<"late">();
    const timer = setTimeout(resolve, gracePeriodMs, "late");
    hurry.addEventListener("abort", () => resolve("late"), { once: true });
    if (hurry.aborted) resolve("late");
    const over = Promise.all(this.#listeners.map((listener) => listener.drain()));
    this.#service.sendWebSocketsAway();
    const first = await Promise.race([over, late]);
    clearTimeout(timer);
    if (first !== "late") {
      this.#service[Symbol.dispose]();
      return "drained";
    }
    this.#log.warn("ending what is still open", { open: this.open });
    await this.stop();
    return "forced";
  }

  /** Ends everything now; waits no longer than the shutdown timeout for connections to close. */
  async stop(): Promise<void> {
    const closing = Promise.all(this.#listeners.map((listener) => listener.close()));
    this.#service[Symbol.dispose]();
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, this.#config.process.gracefulShutdownTimeoutMs);
    await Promise.race([closing, late]);
    clearTimeout(timer);
  }
}

/**
 * Builds the service and opens every listener.
 *
 * @throws ListenError with every address that could not be listened on
 */
export async function startWorker(config: Config, log: Log): Promise<Worker> {
  const service = new Service(config, log);
  const listeners: Listener<BridgeData>[] = [];
  const failures: ListenFailure[] = [];
  for (const listener of config.listeners) {
    try {
      if (listener.address.type === "unix") await removeStaleSocket(listener.address.path);
      listeners.push(new Listener(listener, () => service.engine, service.webSocketHandler));
    } catch (error) {
      failures.push({ listener, error });
    }
  }
  if (failures.length > 0) {
    await Promise.all(listeners.map((listener) => listener.close()));
    service[Symbol.dispose]();
    throw new ListenError(failures);
  }
  service.start();
  return new Worker(config, log, service, listeners);
}
