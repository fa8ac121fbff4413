import { isIP } from "node:net";
import type { ReverseProxyConfig, UpstreamAddress, UpstreamTlsConfig } from "../config/model.ts";
import type { CircuitBreaker } from "./health/breaker.ts";
import { PeerLife } from "./peer-life.ts";

/** How a peer is spoken to (Pingora's `PeerOptions`). */
export type PeerOptions = Pick<
  ReverseProxyConfig,
  | "upstreamTls"
  | "timeouts"
  | "keepAlive"
  | "client"
  | "responseBufferBytes"
  | "websocket"
  | "limit"
  | "passiveHealth"
  | "breaker"
>;

/** `serverName` is fetch's spelling, `servername` node's. */
export interface PeerTlsOptions {
  readonly serverName: string;
  readonly servername: string;
  readonly rejectUnauthorized: boolean;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/**
 * One upstream address (Pingora's `Peer`). What is configured never changes; what is live (health, counters) outlives
 * a reload, also one that changes how it is spoken to.
 */
export class Peer {
  readonly address: UpstreamAddress;
  /** What logs call it, and unique to its address: `127.0.0.1:3000`, `[::1]:3000`, `unix//run/app.sock`, `https://a.example:443`, `a.example:80 (192.0.2.1)`. */
  readonly name: string;
  /** `http://127.0.0.1:3000`, to which a request target is appended. No trailing slash. */
  readonly origin: string;
  /** The Host that goes to it when neither the client nor `--host` gives one. */
  readonly authority: string;
  readonly options: PeerOptions;
  /** Shared with every other peer of the same address. */
  readonly life: PeerLife;
  /** Shared with those of the same address whose breaker is configured alike; undefined for none. */
  readonly breaker: CircuitBreaker | undefined;
  readonly #mostInFlight: number;
  readonly #manyInFlight: number;
  readonly #mostFailures: number;
  #inFlightHere = 0;

  constructor(address: UpstreamAddress, options: PeerOptions, life: PeerLife = new PeerLife()) {
    this.address = address;
    this.options = options;
    this.#mostInFlight = options.limit.maxRequests;
    const { failDurationMs, maxFails, unhealthyRequestCount } = options.passiveHealth;
    this.#manyInFlight = unhealthyRequestCount;
    // Another route may count failures of this address.
    this.#mostFailures = failDurationMs > 0 ? maxFails : Number.POSITIVE_INFINITY;
    if (failDurationMs > 0) life.failures.reserve(maxFails);
    this.breaker = options.breaker && life.breakerFor(options.breaker);
    this.life = life;
    this.name = peerName(address);
    if (address.type === "unix") {
      this.authority = "localhost";
      this.origin = "http://localhost";
    } else {
      const host = bracketed(address.name ?? address.host);
      const isDefaultPort = address.port === (address.tls ? 443 : 80);
      this.authority = isDefaultPort ? host : `${host}:${address.port}`;
      this.origin = `${address.tls ? "https" : "http"}://${bracketed(address.host)}:${address.port}`;
    }
  }

  /** What the upstream is called that it is an address of: its own name, where that was not looked up. */
  get upstream(): string {
    const { address } = this;
    if (address.type === "unix" || address.name === undefined) return this.name;
    const { name, port, tls } = address;
    return peerName({ type: "tcp", host: name, port, tls });
  }

  get healthy(): boolean {
    return this.life.healthy;
  }

  get inFlight(): number {
    return this.life.inFlight;
  }

  /** Counts for the address, and for this peer alone. */
  set inFlight(count: number) {
    const { life } = this;
    this.#inFlightHere += count - life.inFlight;
    life.inFlight = count;
  }

  /** True while requests or WebSockets are under way by this very peer. */
  get isInUse(): boolean {
    return this.#inFlightHere > 0;
  }

  get answers(): number {
    return this.life.answers;
  }

  set answers(count: number) {
    this.life.answers = count;
  }

  get tls(): UpstreamTlsConfig {
    return this.options.upstreamTls;
  }

  /**
   * TLS towards it, as Bun's fetch, node:https and `ws` take it. The name that is sent and verified is always
   * given: without it Bun would take it from the Host field, which is the client's.
   */
  get tlsOptions(): PeerTlsOptions {
    const { serverName, verify, ca, clientCert, clientKey } = this.tls;
    const host = this.address.type === "tcp" ? (this.address.name ?? this.address.host) : "localhost";
    return {
      serverName: serverName ?? host,
      servername: serverName ?? (isIP(host) === 0 ? host : ""),
      rejectUnauthorized: verify,
      ...(ca !== undefined && { ca }),
      ...(clientCert !== undefined && { cert: clientCert }),
      ...(clientKey !== undefined && { key: clientKey }),
    };
  }

  /** May be given new requests. */
  get available(): boolean {
    return this.isUp && !this.isFull;
  }

  /** Neither found down nor drained. */
  get isUp(): boolean {
    const { life } = this;
    return life.down === undefined && !life.draining;
  }

  /** It has as many requests and WebSockets as it may have at once. */
  get isFull(): boolean {
    return this.#mostInFlight > 0 && this.life.inFlight >= this.#mostInFlight;
  }

  /** Real requests fail on it, or it has many in flight: it is given none while another one is available. */
  get isSuspect(): boolean {
    const { life } = this;
    if (this.#manyInFlight > 0 && life.inFlight >= this.#manyInFlight) return true;
    return (!life.failures.isEmpty || this.breaker !== undefined) && this.hasFailedTooOften(performance.now());
  }

  /** By its failures that still count, or by its breaker. */
  hasFailedTooOften(now: number): boolean {
    return this.life.failures.areAtLeast(this.#mostFailures, now) || this.breaker?.isOpen(now) === true;
  }
}

/** What a peer of this address is called. */
export function peerName(address: UpstreamAddress): string {
  if (address.type === "unix") return `unix/${address.path}`;
  const { host, port, name } = address;
  const scheme = address.tls ? "https://" : "";
  return name === undefined ? `${scheme}${bracketed(host)}:${port}` : `${scheme}${name}:${port} (${host})`;
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
