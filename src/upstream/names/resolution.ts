import type { Log } from "../../observe/log.ts";
import type { Found, FoundAddress, Lookup } from "./lookup.ts";

/** The first pause after a lookup that failed, and the longest. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;
/** A TTL of nothing does not make a lookup for each request. */
const LEAST_REFRESH_MS = 1_000;

/**
 * What a name stands for, looked up again and again while anyone watches. An answer that fails leaves the last good one
 * as it is (Caddy does so, too); before there was any, it is asked for soon, with pauses that grow.
 */
export class Resolution implements Disposable {
  readonly #name: string;
  readonly #lookup: Lookup;
  readonly #refreshMs: number;
  readonly #log: Log;
  readonly #watchers = new Set<() => void>();
  readonly #first = Promise.withResolvers<void>();
  #addresses: readonly FoundAddress[] = [];
  #failures = 0;
  #timer: Timer | undefined = undefined;
  #isOver = false;

  /** Begins to look at once. @param refreshMs 0: only until there is an answer */
  constructor(name: string, lookup: Lookup, refreshMs: number, log: Log) {
    this.#name = name;
    this.#lookup = lookup;
    this.#refreshMs = refreshMs;
    this.#log = log;
    void this.#look();
  }

  /** In an order that does not change by itself. Empty until there was an answer. */
  get addresses(): readonly FoundAddress[] {
    return this.#addresses;
  }

  /** Resolves when the first lookup is over, well or not. */
  get looked(): Promise<void> {
    return this.#first.promise;
  }

  get isWatched(): boolean {
    return this.#watchers.size > 0;
  }

  /** Calls back when the addresses are other ones. Gives what ends that. */
  watch(onChange: () => void): () => void {
    this.#watchers.add(onChange);
    return () => this.#watchers.delete(onChange);
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    try {
      const found = await this.#lookup();
      if (!this.#isOver) this.#take(found);
    } catch (error) {
      if (!this.#isOver) this.#fail(error);
    }
    this.#first.resolve();
  }

  #take({ addresses, ttlMs }: Found): void {
    const sorted = addresses.toSorted((a, b) => (a.host < b.host ? -1 : a.host > b.host ? 1 : a.port - b.port));
    if (this.#failures > 0) this.#log.info("name is resolved again", { name: this.#name });
    this.#failures = 0;
    if (!Bun.deepEquals(sorted, this.#addresses)) {
      const before = this.#addresses;
      this.#addresses = sorted;
      if (before.length > 0) {
        this.#log.info("name has other addresses", {
          name: this.#name,
          addresses: sorted.map(({ host }) => host).join(" "),
        });
      }
      for (const tell of this.#watchers) tell();
    }
    if (this.#refreshMs > 0) {
      this.#lookAfter(Math.max(LEAST_REFRESH_MS, Math.min(this.#refreshMs, ttlMs ?? Number.POSITIVE_INFINITY)));
    }
  }

  #fail(error: unknown): void {
    this.#failures++;
    if (this.#failures === 1) {
      const reason = error instanceof Error ? error.message : String(error);
      const kept = this.#addresses.length === 0 ? undefined : "the last addresses";
      this.#log.warn("name cannot be resolved", { name: this.#name, reason, kept });
    }
    this.#lookAfter(Math.min(FIRST_PAUSE_MS * 2 ** Math.min(this.#failures - 1, 10), LONGEST_PAUSE_MS));
  }

  #lookAfter(ms: number): void {
    this.#timer = setTimeout(() => void this.#look(), ms);
    this.#timer.unref();
  }
}
