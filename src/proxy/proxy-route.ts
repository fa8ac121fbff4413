import type { ReverseProxyConfig } from "../config/model.ts";
import { compileTrustedProxies, isTrusted, type TrustedProxies } from "../core/trust.ts";
import type { Peer } from "../upstream/peer.ts";
import type { Peers } from "../upstream/peers.ts";
import type { StickyCookie } from "../upstream/policies/sticky.ts";
import { compileBalance, type Selection } from "../upstream/selection.ts";
import type { GatewaySession } from "./gateway-ctx.ts";
import type { StreamOwner } from "./session.ts";
import { type CompiledEdits, compileFieldEdits, setField } from "./handlers/field-edits.ts";
import { compileTemplate, type Template } from "./template.ts";

/** Where a route forwards to, compiled: what every request it takes has in common. Immutable. */
export class ProxyRoute implements StreamOwner {
  /** The names of the routes that lead here: what makes it the same one after a reload. */
  readonly key: string;
  readonly config: ReverseProxyConfig;
  readonly peers: readonly Peer[];
  readonly select: Selection;
  /** Brings clients back to their peer; undefined where nothing does. */
  readonly sticky: StickyCookie | undefined;
  /** Edits of the upstream's answer; undefined for none. */
  readonly headerDown: CompiledEdits | undefined;
  readonly #headerUp: CompiledEdits | undefined;
  readonly #host: Template | undefined;
  readonly #trusted: TrustedProxies;

  constructor(key: string, config: ReverseProxyConfig, peers: Peers) {
    this.key = key;
    this.config = config;
    this.peers = config.upstreams.map((address) => peers.get(address, config));
    const { select, sticky } = compileBalance(config.balance, this.peers);
    this.select = select;
    this.sticky = sticky;
    this.headerDown = config.headerDown && compileFieldEdits(config.headerDown);
    this.#headerUp = config.headerUp && compileFieldEdits(config.headerUp);
    this.#host = config.host === undefined ? undefined : compileTemplate(config.host);
    this.#trusted = compileTrustedProxies(config.trustedProxies);
  }

  get streamCloseDelayMs(): number {
    return this.config.streamCloseDelayMs;
  }

  /** Whether the X-Forwarded-* of this request's peer are believed: by the listener, or by this route. */
  trusts(session: GatewaySession): boolean {
    const { trusted } = session.downstream;
    if (trusted === undefined && this.#trusted === undefined) return false;
    const remote = session.remoteAddress;
    return isTrusted(trusted, remote) || isTrusted(this.#trusted, remote);
  }

  /** The configured edits of what goes upstream, after all others. */
  editRequest(headers: Headers, session: GatewaySession): void {
    if (this.#host !== undefined) setField(headers, "Host", this.#host.of(session));
    this.#headerUp?.apply(headers, session);
  }
}
