import type { Place } from "./problem.ts";
import { SETTINGS, type SettingName, type ValueOf } from "./settings/table.ts";
import type { Setting } from "./settings/setting.ts";

/** One value as someone gave it. */
export interface Given<T> {
  readonly value: T;
  /** As it was written. */
  readonly text: string;
  readonly place: Place;
}

/** What nothing can be served without, and no default stands in for. */
export const REQUIRED = ["bind", "upstream"] as const satisfies readonly SettingName[];

/**
 * The values that were given, each with the place it came from, before defaults are filled in. What
 * was given wrongly is remembered too, so that nobody is told that it is missing.
 */
export class Settings {
  readonly #given = new Map<SettingName, Given<unknown>[]>();
  readonly #attempted = new Set<SettingName>();

  /** Adds a value that `SETTINGS[name].kind` accepted. */
  add(name: SettingName, given: Given<unknown>): void {
    const list = this.#given.get(name);
    if (list === undefined) this.#given.set(name, [given]);
    else list.push(given);
    this.#attempted.add(name);
  }

  /** Remembers that it was meant to be given. */
  attempt(name: SettingName): void {
    this.#attempted.add(name);
  }

  /** True when it was given, rightly or wrongly. */
  has(name: SettingName): boolean {
    return this.#attempted.has(name);
  }

  /** Every value given, in order. */
  all<N extends SettingName>(name: N): readonly Given<ValueOf<N>>[] {
    return (this.#given.get(name) ?? []) as Given<ValueOf<N>>[];
  }

  /** The value given, undefined where there is none. */
  one<N extends SettingName>(name: N): Given<ValueOf<N>> | undefined {
    return this.all(name)[0];
  }

  /** The value given, or the default of the table. Only for settings that have one. */
  value<N extends SettingName>(name: N): ValueOf<N> {
    const given = this.one(name);
    if (given !== undefined) return given.value;
    const entry = SETTINGS[name] as Setting<unknown>;
    const standard = entry.default === undefined ? undefined : entry.kind.parse(entry.default);
    if (standard?.ok !== true) throw new Error(`the setting ${name} has no default that can be read`);
    return standard.value as ValueOf<N>;
  }

  /** These settings with those of `weaker` where these say nothing: flags over a file. */
  over(weaker: Settings): Settings {
    const merged = new Settings();
    for (const source of [this, weaker]) {
      for (const name of source.#attempted) {
        if (source === weaker && this.has(name)) continue;
        merged.attempt(name);
        for (const given of source.#given.get(name) ?? []) merged.add(name, given);
      }
    }
    return merged;
  }

  /** Names of what was given, for warnings. */
  names(): readonly SettingName[] {
    return [...this.#given.keys()];
  }
}
