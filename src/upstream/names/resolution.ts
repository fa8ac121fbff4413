import type { Log } from "../../observe/log.ts";
import type { FoundAddress, Lookup, LookupResult } from "./lookup.ts";

/** The first pause after a lookup that failed, and the longest. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;
/** A TTL of nothing does not make a lookup for each request. */
const LEAST_REFRESH_MS = 1_000;

/** What one name is looked up by. */
export interface ResolutionOptions {
  readonly name: string;
  readonly lookup: Lookup;
  /** 0: only until there is an answer. */
  readonly refreshMs: number;
  readonly log: Log;
  /** What is known of it already. */
  readonly last?: readonly FoundAddress[];
}

/**
 * What a name stands for, looked up again and again while anyone watches. A lookup that fails leaves the last good answer
 * as it is (Caddy does so, too), and is made again soon, with pauses that grow. So does the answer that there is no such name:
 * addresses that were right lately serve better than none, and health checks find those that are not.
 */
export class Resolution implements Disposable {
  readonly #options: ResolutionOptions;
  readonly #watchers = new Set<() => void>();
  readonly #first = Promise.withResolvers<void>();
  readonly #end = new AbortController();
  #addresses: readonly FoundAddress[];
  #failures = 0;
  #timer: Timer | undefined = undefined;

  /** Begins to look at once. */
  constructor(options: ResolutionOptions) {
    this.#options = options;
    this.#addresses = options.last ?? [];
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
    this.#end.abort();
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    const { signal } = this.#end;
    const result = await this.#options.lookup(this.#addresses, signal);
    if (!signal.aborted) {
      if (result.type === "found") this.#take(result);
      else this.#fail(result.reason);
    }
    this.#first.resolve();
  }

  #take({ addresses, ttlMs }: Extract<LookupResult, { readonly type: "found" }>): void {
    const { name, refreshMs, log } = this.#options;
    const sorted = addresses.toSorted(byPlace);
    if (this.#failures > 0) log.info("name is resolved again", { name });
    this.#failures = 0;
    if (!Bun.deepEquals(sorted, this.#addresses)) {
      const isFirst = this.#addresses.length === 0;
      this.#addresses = sorted;
      if (!isFirst) log.info("name has other addresses", { name, addresses: textOf(sorted) });
      for (const tell of this.#watchers) tell();
    }
    if (refreshMs > 0) {
      this.#lookAfter(Math.max(LEAST_REFRESH_MS, Math.min(refreshMs, ttlMs ?? Number.POSITIVE_INFINITY)));
    }
  }

  #fail(reason: string): void {
    const { name, log } = this.#options;
    this.#failures++;
    if (this.#failures === 1) {
      const kept = this.#addresses.length === 0 ? undefined : textOf(this.#addresses);
      log.warn("name cannot be resolved", { name, reason, kept });
    }
    this.#lookAfter(Math.min(FIRST_PAUSE_MS * 2 ** Math.min(this.#failures - 1, 10), LONGEST_PAUSE_MS));
  }

  #lookAfter(ms: number): void {
    this.#timer = setTimeout(() => void this.#look(), ms);
    this.#timer.unref();
  }
}

/** So many are told of at most. */
const MOST_TOLD = 20;

function textOf(addresses: readonly FoundAddress[]): string {
  const hosts = addresses.slice(0, MOST_TOLD).map(({ host }) => host);
  return addresses.length > MOST_TOLD ? `${hosts.join(" ")} and ${addresses.length - MOST_TOLD} more` : hosts.join(" ");
}

function byPlace(a: FoundAddress, b: FoundAddress): number {
  if (a.priority !== b.priority) return a.priority - b.priority;
  if (a.host !== b.host) return a.host < b.host ? -1 : 1;
  return a.port - b.port;
}
