import type { DynamicConfig, ResolveConfig } from "../../config/model.ts";
import type { Log } from "../../observe/log.ts";
import { lookupDynamic, lookupOf } from "./lookup.ts";
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

  /** A named upstream. */
  watchName(name: string, port: number, resolve: ResolveConfig, onChange: () => void): WatchedResolution {
    return this.#watch(["name", name, port, resolve], onChange, () => {
      return new Resolution(name, lookupOf(name, port, resolve.resolvers), resolve.refreshMs, this.#log);
    });
  }

  /** What `dynamic` names. */
  watchDynamic(dynamic: DynamicConfig, resolve: ResolveConfig, onChange: () => void): WatchedResolution {
    return this.#watch(["dynamic", dynamic, resolve], onChange, () => {
      return new Resolution(dynamic.name, lookupDynamic(dynamic, resolve.resolvers), resolve.refreshMs, this.#log);
    });
  }

  [Symbol.dispose](): void {
    for (const resolution of this.#byKey.values()) resolution[Symbol.dispose]();
    this.#byKey.clear();
  }

  #watch(what: readonly unknown[], onChange: () => void, make: () => Resolution): WatchedResolution {
    const key = JSON.stringify(what);
    const resolution = this.#byKey.get(key) ?? make();
    this.#byKey.set(key, resolution);
    const end = resolution.watch(onChange);
    const letGo = (): void => {
      end();
      if (resolution.isWatched || this.#byKey.get(key) !== resolution) return;
      this.#byKey.delete(key);
      resolution[Symbol.dispose]();
    };
    return { resolution, letGo };
  }
}
