import type { ReverseProxyConfig, WebSocketHoldConfig } from "../config/model.ts";
import { ProxyError } from "../core/errors.ts";
import { compileTrustedProxies, isTrusted, type TrustedProxies } from "../core/trust.ts";
import { compileMatch, type RequestMatcher } from "../routing/match.ts";
import type { Peer } from "../upstream/peer.ts";
import type { StickyCookie } from "../upstream/policies/sticky.ts";
import { LEAST_PAUSE_MS, retryVerdict, type RetryVerdict } from "../upstream/retry.ts";
import { RetryBudget } from "../upstream/retry-budget.ts";
import type { Selection } from "../upstream/selection.ts";
import type { UpstreamSet } from "../upstream/upstream-set.ts";
import type { Awaitable } from "./awaitable.ts";
import type { GatewaySession } from "./gateway-ctx.ts";
import { type CompiledEdits, compileFieldEdits, setField } from "./handlers/field-edits.ts";
import { PeerQueue } from "./peer-queue.ts";
import { noPeer } from "./no-peer.ts";
import { pause } from "./pause.ts";
import type { ResponseHandlers } from "./response-handlers.ts";
import type { StreamOwner } from "./session.ts";
import { compileTemplate, type Template } from "./template.ts";

/** Failures that cost their peer next to nothing: nobody was there to be burdened by an attempt. */
const FREE: ReadonlySet<string> = new Set(["connection_refused", "destination_unreachable", "dns_error"]);

/** Where a route forwards to, compiled: what every request it takes has in common. */
export class ProxyRoute implements StreamOwner {
  /** The names of the routes that lead here: what makes it the same one after a reload. */
  readonly key: string;
  readonly config: ReverseProxyConfig;
  /** Those of now: a named upstream is one for each of its addresses. */
  peers: readonly Peer[];
  select: Selection;
  /** Brings clients back to their peer; undefined where nothing does. */
  sticky: StickyCookie | undefined;
  /** Edits of the upstream's answer; undefined for none. */
  readonly headerDown: CompiledEdits | undefined;
  /** What is done with some of its answers; undefined for none. */
  readonly responses: ResponseHandlers | undefined;
  /** How its requests go tells of its peers. */
  readonly isWatched: boolean;
  /** Called when the peers are other ones. */
  onPeersChanged: (() => void) | undefined = undefined;
  readonly #set: UpstreamSet;
  readonly #headerUp: CompiledEdits | undefined;
  readonly #host: Template | undefined;
  readonly #trusted: TrustedProxies;
  readonly #retryMatch: RequestMatcher | undefined;
  readonly #budget: RetryBudget;
  /** Undefined where peers take as much as comes. */
  readonly #queue: PeerQueue | undefined;

  constructor(key: string, config: ReverseProxyConfig, set: UpstreamSet, responses: ResponseHandlers | undefined) {
    this.key = key;
    this.responses = responses;
    this.config = config;
    this.#set = set;
    this.peers = set.peers;
    this.select = set.balance.select;
    this.sticky = set.balance.sticky;
    set.onChange = () => this.#adopt();
    this.headerDown = config.headerDown && compileFieldEdits(config.headerDown);
    this.#headerUp = config.headerUp && compileFieldEdits(config.headerUp);
    this.#host = config.host === undefined ? undefined : compileTemplate(config.host);
    this.#trusted = compileTrustedProxies(config.trustedProxies);
    const { retry, limit, passiveHealth, breaker } = config;
    this.isWatched = passiveHealth.failDurationMs > 0 || breaker !== undefined;
    this.#retryMatch = retry.match.length === 0 ? undefined : compileMatch(retry.match);
    this.#budget = new RetryBudget(retry.budgetPercent, retry.budgetMinPerSecond, performance.now());
    this.#queue =
      limit.maxRequests === 0
        ? undefined
        : new PeerQueue(
            () => this.peers,
            limit,
            (session) => this.select(session, session.tried),
          );
  }

  /** Its upstreams are looked up, so that its peers may be other ones at any time. */
  get isLookedUp(): boolean {
    return this.#set.isLookedUp;
  }

  /** Resolves when every name was looked up once, well or not. */
  looked(): Promise<void> {
    return this.#set.looked();
  }

  /** Whether what is open on a peer may stay: its address is one of the route's, or was what one of its names stood for. */
  carries({ life, address }: Peer): boolean {
    if (this.peers.some((peer) => peer.life === life)) return true;
    return this.isLookedUp && address.type === "tcp" && address.name !== undefined && this.#names(address.name);
  }

  /** Ends the looking-up. */
  [Symbol.dispose](): void {
    this.#set[Symbol.dispose]();
  }

  #names(name: string): boolean {
    const { upstreams, dynamic } = this.config;
    return dynamic !== undefined || upstreams.some((address) => address.type === "tcp" && address.host === name);
  }

  #adopt(): void {
    const { peers, balance } = this.#set;
    this.peers = peers;
    this.select = balance.select;
    this.sticky = balance.sticky;
    this.onPeersChanged?.();
    this.#queue?.onPeersChanged();
  }

  get hold(): WebSocketHoldConfig {
    return this.config.hold;
  }

  get streamCloseDelayMs(): number {
    return this.config.streamCloseDelayMs;
  }

  /** The peer of the next attempt: at once, or when one is free or up again where the configuration has time for that. */
  peerFor(session: GatewaySession): Awaitable<Peer | ProxyError> {
    const queue = this.#queue;
    if (session.attempts === 0) {
      this.#budget.onRequest();
      const { tryDurationMs } = this.config.retry;
      if (tryDurationMs > 0) session.ctx.triesEndAt = performance.now() + tryDurationMs;
    }
    // Nobody gets in before those who wait.
    const peer = queue?.isWaitedIn === true ? undefined : this.select(session, session.tried);
    if (peer !== undefined) return peer;
    if (queue?.isWorthWaiting === true) return queue.wait(session);
    if (this.config.retry.tryDurationMs > 0) return this.#whenUp(session);
    return noPeer(this.key, this.peers);
  }

  /** The peer to ask for a WebSocket that is held: the one `before` where that may be, else as the policy says. Never waits. */
  peerForHeld(session: GatewaySession, before: Peer): Peer | undefined {
    const isWelcome = before.available && !before.isSuspect && !session.tried.includes(before);
    return isWelcome && this.peers.includes(before) ? before : this.select(session, session.tried);
  }

  /** Whether a request whose attempt failed is tried again. */
  afterFailure(session: GatewaySession, peer: Peer, error: ProxyError): RetryVerdict {
    const now = performance.now();
    const { retry, maxAttempts } = this.config;
    const verdict = retryVerdict(
      { ...retry, maxAttempts },
      {
        attempts: session.attempts,
        nothingSent: error.nothingSent,
        // The engine asks for a failure after sending only where it may be repeated.
        isRepeatable: true,
        hasOther: this.peers.some((other) => other !== peer && other.available && !session.tried.includes(other)),
        triesEndAt: session.ctx.triesEndAt,
      },
      now,
    );
    return verdict === "give-up" || FREE.has(error.kind) || this.#budget.take(now) ? verdict : "over-budget";
  }

  /** Whether a request may be sent twice, whatever its method (Caddy's `lb_retry_match`). */
  mayRepeat(session: GatewaySession): boolean {
    return this.#retryMatch?.matches(session) === true;
  }

  /** Whether the X-Forwarded-* of this request's peer are believed: by the listener, or by this route. */
  trusts(session: GatewaySession): boolean {
    const { trusted } = session.downstream;
    if (trusted === undefined && this.#trusted === undefined) return false;
    const remote = session.remoteAddress;
    return isTrusted(trusted, remote) || isTrusted(this.#trusted, remote);
  }

  /** Whether the client speaks TLS, to us or to the nearest of the trusted proxies before this one. */
  isHttps(session: GatewaySession): boolean {
    if (session.secure) return true;
    const proto = session.request.headers.get("x-forwarded-proto");
    return proto !== null && /(?:^|,)\s*https\s*$/.test(proto) && this.trusts(session);
  }

  /** Whether `editRequest` has something to do. */
  get editsRequests(): boolean {
    return this.#host !== undefined || this.#headerUp !== undefined;
  }

  /** The configured edits of what goes upstream, after all others. */
  editRequest(headers: Headers, session: GatewaySession): void {
    if (this.#host !== undefined) setField(headers, "Host", this.#host.of(session));
    this.#headerUp?.apply(headers, session);
  }

  /** No peer is up: looks again and again until the time for tries is over, or the client goes. */
  async #whenUp(session: GatewaySession): Promise<Peer | ProxyError> {
    const pauseMs = Math.max(this.config.retry.tryIntervalMs, LEAST_PAUSE_MS);
    const { signal } = session.request;
    while (performance.now() + pauseMs < session.ctx.triesEndAt) {
      if (!(await pause(pauseMs, signal)))
        return new ProxyError("client_gone", "the client left while no upstream was up");
      if (this.#queue?.isWorthWaiting === true) return this.#queue.wait(session);
      const peer = this.select(session, session.tried);
      if (peer !== undefined) return peer;
    }
    return noPeer(this.key, this.peers);
  }
}
