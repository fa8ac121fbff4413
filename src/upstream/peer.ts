import type { UpstreamAddress, UpstreamTlsConfig } from "../config/model.ts";

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
  readonly tls: UpstreamTlsConfig;
  /** False while the active health check finds it down. */
  healthy = true;
  /** Requests and WebSockets on it right now. */
  inFlight = 0;

  constructor(address: UpstreamAddress, tls: UpstreamTlsConfig) {
    this.address = address;
    this.tls = tls;
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

  /** May be given new requests. */
  get available(): boolean {
    return this.healthy;
  }
}
