import type { ListenAddress, ListenerConfig } from "../config/model.ts";
import type { BridgeData } from "../proxy/bridge.ts";
import { Listener } from "../server/listener.ts";
import { removeStaleSocket } from "../server/unix-socket.ts";
import type { Generation } from "./generation.ts";
import type { ListeningAt, Sharing } from "./sharing.ts";

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

/**
 * How long a listener and the one that takes its place are open together. The kernel resets the connections that wait
 * for the one that is closed (unless net.ipv4.tcp_migrate_req is 1): after a turn of the event loop they are few.
 */
const OVERLAP_MS = 5;

type WorkerListener = Listener<BridgeData>;

/** Listeners that were opened for a configuration, beside those that are there; they listen already. */
export interface Opened {
  readonly listeners: ReadonlyMap<string, WorkerListener>;
  readonly failures: readonly ListenFailure[];
}

/** What became of the listeners. */
export interface Swapped {
  readonly counts: { readonly opened: number; readonly closed: number; readonly replaced: number };
  /** When no connection is taken any more by one that was replaced. */
  readonly settled: Promise<void>;
}

/** The listeners of a worker by their names, and those that are on their way out. */
export class ListenerSet {
  readonly #serving = new Map<string, WorkerListener>();
  /** Their address is gone or another's; their requests finish. */
  readonly #leaving = new Set<WorkerListener>();

  get(name: string): WorkerListener | undefined {
    return this.#serving.get(name);
  }

  /** Requests and WebSockets that are open. */
  get open(): number {
    let open = 0;
    for (const listener of this.all) open += listener.open;
    return open;
  }

  /** All that take connections, or did until lately. */
  get all(): readonly WorkerListener[] {
    return [...this.#serving.values(), ...this.#leaving];
  }

  /** Where each really listens. */
  get listeningAt(): ListeningAt {
    return Object.fromEntries([...this.#serving].map(([name, { address }]) => [name, address]));
  }

  /** Opens what a configuration has and this has not, and what cannot go on as it is. Closes nothing. */
  async openFor(generation: Generation, sharing: Sharing): Promise<Opened> {
    const listeners = new Map<string, WorkerListener>();
    const failures: ListenFailure[] = [];
    const open = (name: string, listener: ListenerConfig, replaces?: WorkerListener): void => {
      try {
        const isHeld = replaces !== undefined || sharing.held.includes(name);
        const port = sharing.ports[name];
        const { address } = listener;
        const chosen =
          address.type === "tcp" && address.port === 0 && port !== undefined ? { ...address, port } : address;
        const opening = { at: replaces?.address ?? chosen, isHeld, isOurs: isHeld || this.#holds(address) };
        listeners.set(name, new Listener(name, listener, generation.serviceFor(listener), opening));
      } catch (error) {
        failures.push({ listener, error });
      }
    };
    const wanted = [...generation.listeners].filter(
      ([, { address }]) => address.type === "tcp" || sharing.servesUnixSockets,
    );
    for (const [name, listener] of wanted) {
      if (this.#serving.has(name)) continue;
      const { address } = listener;
      if (address.type === "unix" && !sharing.held.includes(name)) await removeStaleSocket(address.path);
      open(name, listener);
    }
    // After what may well fail, since these take requests at once.
    if (failures.length > 0) return { listeners, failures };
    for (const [name, listener] of wanted) {
      const present = this.#serving.get(name);
      if (present?.fits(listener) === false) open(name, listener, present);
    }
    return { listeners, failures };
  }

  /** Has each listener serve by this configuration; those that it has not, or has anew, finish what they have. */
  swap(generation: Generation, opened: Opened): Swapped {
    const replaced: WorkerListener[] = [];
    let closed = 0;
    for (const [name, present] of this.#serving) {
      const config = generation.listeners.get(name);
      const successor = opened.listeners.get(name);
      if (config !== undefined && successor === undefined) {
        present.adopt(config, generation.serviceFor(config));
        continue;
      }
      if (config === undefined) {
        closed++;
        this.#leave(present);
      } else {
        replaced.push(present);
        this.#leaving.add(present);
        // For the connections that it takes until it leaves.
        present.adopt(config, generation.serviceFor(config));
      }
      this.#serving.delete(name);
    }
    for (const [name, listener] of opened.listeners) this.#serving.set(name, listener);
    const counts = { opened: opened.listeners.size - replaced.length, closed, replaced: replaced.length };
    return { counts, settled: this.#leaveTogether(replaced) };
  }

  /**
   * Takes no new connections; resolves when every request and WebSocket is over.
   *
   * @param farewellMs so long it still takes them, and closes each with its next answer
   */
  async drain(farewellMs: number): Promise<void> {
    const drains = [...this.#serving.values()].map((listener) => listener.drain(farewellMs));
    await Promise.all([...drains, ...[...this.#leaving].map((listener) => listener.drain(0))]);
  }

  /** Ends everything now. */
  async close(): Promise<void> {
    await Promise.all(this.all.map((listener) => listener.close()));
  }

  async #leaveTogether(replaced: readonly WorkerListener[]): Promise<void> {
    if (replaced.length === 0) return;
    await Bun.sleep(OVERLAP_MS);
    for (const listener of replaced) this.#leave(listener);
  }

  #leave(listener: WorkerListener): void {
    this.#leaving.add(listener);
    void listener.drain(0).finally(() => this.#leaving.delete(listener));
  }

  /** Whether a listener of ours has the port, on whatever address. */
  #holds(address: ListenAddress): boolean {
    if (address.type === "unix" || address.port === 0) return false;
    return [...this.#serving.values()].some((listener) => {
      const own = listener.address;
      return own.type === "tcp" && own.port === address.port;
    });
  }
}
