import type { AdminConfig, ListenAddress } from "../config/model.ts";
import { AdminListener, type Behind } from "../server/admin/admin-listener.ts";

/** How often a process that took over looks whether its predecessor has let the address go. */
const RETRY_MS = 200;
/** So often it does so quietly; then it says that it waits, and goes on. */
const QUIET_TRIES = 150;

export interface AdminDoorOptions extends Behind {
  /** Tells a person why an address could not be listened on. */
  readonly reasonOf: (address: ListenAddress, error: unknown) => string;
  /** This process took over from one that has the address still: it is waited for. */
  readonly hasPredecessor: boolean;
}

/** Has the admin listener be where the configuration says, as far as that is possible: nothing else depends on it. */
export class AdminDoor implements AsyncDisposable {
  readonly #options: AdminDoorOptions;
  #config: AdminConfig | undefined = undefined;
  #listener: AdminListener | undefined = undefined;
  #retry: Timer | undefined = undefined;
  #isClosed = false;
  #waits: boolean;
  /** One step after the other. */
  #turn: Promise<void> = Promise.resolve();
  /** Of the listener that was closed last. */
  #closing: Promise<void> = Promise.resolve();

  constructor(options: AdminDoorOptions) {
    this.#options = options;
    this.#waits = options.hasPredecessor;
  }

  /** Where it listens; undefined where it does not. */
  get url(): string | undefined {
    return this.#listener?.url;
  }

  /** At the start and after each reload. Never rejects; what cannot be done is said in the log. */
  settle(config: AdminConfig): Promise<void> {
    this.#turn = this.#turn.then(() => this.#settle(config));
    return this.#turn;
  }

  /** Another process takes the address now. */
  async letGo(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    await this.#turn;
    this.#close();
    await this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.letGo();
  }

  async #settle(config: AdminConfig): Promise<void> {
    const before = this.#config;
    this.#config = config;
    clearTimeout(this.#retry);
    if (this.#isClosed) return;
    if (this.#listener !== undefined && Bun.deepEquals(before?.address, config.address, true)) {
      this.#listener.adopt(config);
      return;
    }
    this.#close();
    await this.#open(config);
  }

  async #open(config: AdminConfig, tries = 1): Promise<void> {
    const { address } = config;
    if (address === undefined || this.#isClosed) return;
    const { log, reasonOf } = this.#options;
    try {
      this.#listener = await AdminListener.open(address, config, this.#options);
      // From now on a taken address is somebody else's.
      this.#waits = false;
      log.info("admin listener is open", { at: this.#listener.url });
    } catch (error) {
      const isTaken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
      if (isTaken && this.#waits) this.#openLater(config, tries + 1);
      if (isTaken && this.#waits && tries !== QUIET_TRIES) return;
      // Several processes on one machine, or a Caddy beside this one, are nothing unusual.
      const level = isTaken && config.isDefault ? "info" : "warn";
      log[level]("no admin listener, serving without it", { reason: reasonOf(address, error) });
    }
  }

  #openLater(config: AdminConfig, tries: number): void {
    this.#retry = setTimeout(() => {
      this.#turn = this.#turn.then(() => (config === this.#config ? this.#open(config, tries) : undefined));
    }, RETRY_MS);
  }

  /** The address is free at once. What is answered there still may be the very request that this comes of. */
  #close(): void {
    const listener = this.#listener;
    if (listener === undefined) return;
    this.#listener = undefined;
    this.#closing = listener.close();
  }
}
