import { isIP } from "node:net";
import type { ReverseProxyConfig, UpstreamAddress, UpstreamTlsConfig } from "../config/model.ts";

/** How a peer is spoken to (Pingora's `PeerOptions`). */
export type PeerOptions = Pick<
  ReverseProxyConfig,
  "upstreamTls" | "timeouts" | "keepAlive" | "responseBufferBytes" | "websocket"
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
 * One upstream address with its live state (Pingora's `Peer` with Caddy's `Host` beside it). What is
 * configured never changes; what is live (health, counters) outlives a reload.
 */
export class Peer {
  readonly address: UpstreamAddress;
  /** What logs call it: `127.0.0.1:3000`, `[::1]:3000`, `unix//run/app.sock`, `https://a.example:443`. */
  readonly name: string;
  /** `http://127.0.0.1:3000`, to which a request target is appended. No trailing slash. */
  readonly origin: string;
  /** The Host that goes to it when neither the client nor `--host` gives one. */
  readonly authority: string;
  readonly options: PeerOptions;
  /** False while the active health check finds it down. */
  healthy = true;
  /** Requests and WebSockets on it right now. */
  inFlight = 0;
  /** Heads of answers that came from it. */
  answers = 0;

  constructor(address: UpstreamAddress, options: PeerOptions) {
    this.address = address;
    this.options = options;
    if (address.type === "unix") {
      this.name = `unix/${address.path}`;
      this.authority = "localhost";
      this.origin = "http://localhost";
    } else {
      const host = address.host.includes(":") ? `[${address.host}]` : address.host;
      const scheme = address.tls ? "https" : "http";
      const isDefaultPort = address.port === (address.tls ? 443 : 80);
      this.authority = isDefaultPort ? host : `${host}:${address.port}`;
      this.origin = `${scheme}://${host}:${address.port}`;
      this.name = address.tls ? this.origin : `${host}:${address.port}`;
    }
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
    const host = this.address.type === "tcp" ? this.address.host : "localhost";
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
    return this.healthy;
  }
}
