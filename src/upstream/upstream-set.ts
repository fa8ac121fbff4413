import type { ReverseProxyConfig, UpstreamAddress } from "../config/model.ts";
import { isName } from "./names/addresses.ts";
import type { Sought } from "./names/lookup.ts";
import type { Names, WatchedResolution } from "./names/names.ts";
import type { Peer } from "./peer.ts";
import type { Peers } from "./peers.ts";
import { type Balance, compileBalance } from "./selection.ts";

/** One entry of the configuration: an address as it is, or what a name stands for now. */
interface Source {
  readonly address: UpstreamAddress | undefined;
  readonly weight: number;
  readonly watched: WatchedResolution | undefined;
}

/**
 * The peers of one route, with the policy over them. A named upstream is a peer for each of its addresses, and both follow
 * what the name stands for; without names it never changes and costs nothing.
 */
export class UpstreamSet implements Disposable {
  readonly #config: ReverseProxyConfig;
  readonly #known: Peers;
  readonly #sources: readonly Source[];
  #peers: readonly Peer[];
  #balance: Balance;
  /** Called when the peers are other ones. */
  onChange: (() => void) | undefined = undefined;

  /** @param names undefined: names stay names, and whoever connects looks them up */
  constructor(config: ReverseProxyConfig, known: Peers, names: Names | undefined) {
    this.#config = config;
    this.#known = known;
    const { upstreams, dynamic, balance, resolve } = config;
    const watch = (sought: Sought): WatchedResolution | undefined => names?.watch(sought, resolve, this.#onChange);
    const sources = upstreams.map((address, i): Source => {
      const weight = balance.weights[i] ?? 1;
      if (address.type === "unix" || !isName(address.host)) return { address, weight, watched: undefined };
      const { host: name, port } = address;
      return { address, weight, watched: watch({ type: "a", name, port, ipv4: true, ipv6: true }) };
    });
    if (dynamic !== undefined) sources.push({ address: undefined, weight: 1, watched: watch(dynamic) });
    this.#sources = sources;
    const made = this.#make();
    this.#peers = made.peers;
    this.#balance = made.balance;
  }

  get peers(): readonly Peer[] {
    return this.#peers;
  }

  get balance(): Balance {
    return this.#balance;
  }

  /** Some of it is looked up. */
  get isLookedUp(): boolean {
    return this.#sources.some(({ watched }) => watched !== undefined);
  }

  /** Resolves when every name was looked up once, well or not. */
  async looked(): Promise<void> {
    await Promise.all(this.#sources.map(({ watched }) => watched?.resolution.looked));
  }

  /** Nobody has a use for it any more. Requests that it gave peers go on. */
  [Symbol.dispose](): void {
    for (const { watched } of this.#sources) watched?.letGo();
  }

  readonly #onChange = (): void => {
    const { peers, balance } = this.#make();
    this.#peers = peers;
    this.#balance = balance;
    this.onChange?.();
  };

  #make(): { readonly peers: readonly Peer[]; readonly balance: Balance } {
    const isTls = this.#config.dynamic?.tls === true;
    const found = this.#sources.flatMap(({ address, weight, watched }) => {
      if (watched === undefined) return address === undefined ? [] : [{ address, weight, priority: 0 }];
      const tls = address === undefined ? isTls : address.tls;
      return watched.resolution.addresses.map(({ host, port, name, weight: own, priority }) => ({
        address: { type: "tcp", host, port, tls, name } as const,
        weight: weight * own,
        priority,
      }));
    });
    const peers = found.map(({ address }) => this.#known.get(address, this.#config));
    const weights = found.map(({ weight }) => weight);
    const areAlike = weights.every((weight) => weight === weights[0]);
    const { policy } = this.#config.balance;
    const priorities = found.map(({ priority }) => priority);
    return { peers, balance: compileBalance({ policy, weights: areAlike ? [] : weights, priorities }, peers) };
  }
}
