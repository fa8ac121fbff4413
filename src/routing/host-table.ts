import { type HostMask, maskHost, parseHostPattern, restOfHost } from "./host-pattern.ts";

/**
 * Something for each host pattern, looked up by a host: one look for names, one for `*.rest`, and one for each other way of
 * placing `*` that is in use. Keys come from the configuration, never from a client.
 */
export class HostTable<T> {
  readonly #exact = new Map<string, T>();
  readonly #below = new Map<string, T>();
  /** By the places of `*`. */
  readonly #masked = new Map<string, { readonly mask: HostMask; readonly byHost: Map<string, T> }>();
  #any: T | undefined = undefined;

  /** What stands for a pattern, made where there is nothing yet. `undefined` is the pattern of every host. */
  at(pattern: string | undefined, make: () => T): T {
    if (pattern === undefined) return (this.#any ??= make());
    const parsed = parseHostPattern(pattern);
    switch (parsed.type) {
      case "exact":
        return getOrMake(this.#exact, parsed.host, make);
      case "below":
        return getOrMake(this.#below, parsed.rest, make);
      case "masked": {
        const { mask, host } = parsed;
        const group = getOrMake(this.#masked, mask.join(), () => ({ mask, byHost: new Map<string, T>() }));
        return getOrMake(group.byHost, host, make);
      }
      default:
        return parsed satisfies never;
    }
  }

  /** Some pattern looks at the host; otherwise any will do for `collect`. */
  get readsHost(): boolean {
    return this.#exact.size > 0 || this.#below.size > 0 || this.#masked.size > 0;
  }

  /** Puts what stands for a host into `found`: of its name, of the patterns that it matches, of every host. */
  collect(hostname: string, found: T[]): void {
    if (this.#exact.size > 0) {
      const exact = this.#exact.get(hostname);
      if (exact !== undefined) found.push(exact);
    }
    if (this.#below.size > 0) {
      const rest = restOfHost(hostname);
      const below = rest === undefined ? undefined : this.#below.get(rest);
      if (below !== undefined) found.push(below);
    }
    if (this.#masked.size > 0) {
      for (const { mask, byHost } of this.#masked.values()) {
        const host = maskHost(hostname, mask);
        const masked = host === undefined ? undefined : byHost.get(host);
        if (masked !== undefined) found.push(masked);
      }
    }
    if (this.#any !== undefined) found.push(this.#any);
  }

  values(): readonly T[] {
    const masked = [...this.#masked.values()].flatMap(({ byHost }) => [...byHost.values()]);
    const any = this.#any === undefined ? [] : [this.#any];
    return [...this.#exact.values(), ...this.#below.values(), ...masked, ...any];
  }
}

function getOrMake<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
