import type { WorkerMeter } from "../observe/metrics/worker-meter.ts";
import { type HostMask, maskHost, parseHostPattern, restOfHost } from "../routing/host-pattern.ts";

/** Which of the configured hosts a request's name is one of: what clients send otherwise makes no further label. */
export class HostLabels {
  /** False where nothing but 0 is ever given. */
  readonly areSome: boolean;
  readonly #exact = new Map<string, number>();
  readonly #below = new Map<string, number>();
  readonly #masked: { readonly mask: HostMask; readonly host: string; readonly number: number }[] = [];

  /** @param hosts as matchers have them, `*` for one label */
  constructor(hosts: ReadonlySet<string>, meter: WorkerMeter) {
    this.areSome = hosts.size > 0;
    for (const host of hosts) {
      const number = meter.host(host);
      const pattern = parseHostPattern(host);
      if (pattern.type === "exact") this.#exact.set(pattern.host, number);
      else if (pattern.type === "below") this.#below.set(pattern.rest, number);
      else this.#masked.push({ ...pattern, number });
    }
  }

  /** 0 for a host that is not configured (`OTHER_HOST`). */
  numberOf(hostname: string): number {
    const exact = this.#exact.get(hostname);
    if (exact !== undefined) return exact;
    if (this.#below.size > 0) {
      const below = this.#below.get(restOfHost(hostname) ?? "");
      if (below !== undefined) return below;
    }
    for (const { mask, host, number } of this.#masked) if (maskHost(hostname, mask) === host) return number;
    return 0;
  }
}
