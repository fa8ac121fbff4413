import type { ResolveConfig } from "../../config/model.ts";
import type { Log } from "../../observe/log.ts";
import { type FoundAddress, lookupOf, type Sought } from "./lookup.ts";
import { Resolution } from "./resolution.ts";

/** A resolution that somebody has a use for, until it is let go. */
export interface WatchedResolution {
  readonly resolution: Resolution;
  readonly letGo: () => void;
}

/** The names that a worker's routes forward to, each looked up once however many routes name it, and over reloads. */
export class Names implements Disposable {
  readonly #log: Log;
  readonly #byKey = new Map<string, Resolution>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Looks something up from now on, as long as somebody watches it. */
  watch(sought: Sought, { refreshMs, resolvers }: ResolveConfig, onChange: () => void): WatchedResolution {
    const what = keyOf(sought);
    const key = `${what}${JSON.stringify([refreshMs, resolvers])}`;
    let resolution = this.#byKey.get(key);
    if (resolution === undefined) {
      const lookup = lookupOf(sought, resolvers);
      resolution = new Resolution({ name: sought.name, lookup, refreshMs, log: this.#log, last: this.#known(what) });
      this.#byKey.set(key, resolution);
    }
    const watched = resolution;
    const end = watched.watch(onChange);
    const letGo = (): void => {
      end();
      if (watched.isWatched || this.#byKey.get(key) !== watched) return;
      this.#byKey.delete(key);
      watched[Symbol.dispose]();
    };
    return { resolution: watched, letGo };
  }

  [Symbol.dispose](): void {
    for (const resolution of this.#byKey.values()) resolution[Symbol.dispose]();
    this.#byKey.clear();
  }

  /** What is known of the same thing that is only looked up in another way, so that a reload with another interval has no gap. */
  #known(what: string): readonly FoundAddress[] {
    for (const [key, { addresses }] of this.#byKey) if (key.startsWith(what) && addresses.length > 0) return addresses;
    return [];
  }
}

/** A route whose name is looked up and one with Caddy's `dynamic a` of it share what is found. */
function keyOf(sought: Sought): string {
  if (sought.type === "srv") return JSON.stringify(["srv", sought.name]);
  const { name, port, ipv4, ipv6 } = sought;
  return JSON.stringify(["a", name, port, ipv4, ipv6]);
}
