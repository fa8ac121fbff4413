import type { ListenAddress, UpstreamAddress } from "../core/address.ts";
import type { RequestIdConfig } from "./log-model.ts";
import type { FieldEdits, PageFile, RouteConfig } from "./routes-model.ts";
import type { UpstreamPolicyConfig } from "./upstream-model.ts";

export type { ListenAddress, UpstreamAddress };
export type * from "./admin-model.ts";
export type * from "./log-model.ts";
export type * from "./routes-model.ts";
export type * from "./upstream-model.ts";

/**
 * What gatekeeper runs from: flags, YAML and a Caddyfile all end in one `Config`. Times are milliseconds, sizes are
 * bytes. A `Config` is complete: every default is filled in.
 */
export interface Config {
  readonly listeners: readonly ListenerConfig[];
  readonly process: ProcessConfig;
}

/** One address that takes traffic. */
export interface ListenerConfig {
  readonly address: ListenAddress;
  /** Certificates with their keys, PEM texts already read; the client's SNI chooses. Empty: plain HTTP. */
  readonly tls: readonly ListenerTlsConfig[];
  /** Offer HTTP/2 by ALPN beside HTTP/1.1. Default: true with TLS, false without. */
  readonly http2: boolean;
  /** Offer HTTP/3 (QUIC) beside them; needs TLS. Default false. */
  readonly http3: boolean;
  /**
   * How long a kept-alive connection may be silent between requests, and how long a request head may
   * take. 0 is never. Default 255 s, the most Bun has (Caddy's `idle_timeout` is 5 m). It never cuts a
   * request in flight or a stream.
   */
  readonly clientIdleTimeoutMs: number;
  /**
   * How long a client may send nothing of a request's body while it is waited for; past it 408 (nginx's
   * `client_body_timeout`, 60 s there). 0 is never, the default.
   */
  readonly clientBodyTimeoutMs: number;
  /** Largest request body, 0 is no limit (the default); past it 413. */
  readonly maxRequestBodyBytes: number;
  /** Proxies before this one whose X-Forwarded-* are believed, as CIDR texts. Default: none. */
  readonly trustedProxies: readonly string[];
  /** Tried in order; listeners that share their routes have the very same array. No route that answers: 404. */
  readonly routes: readonly RouteConfig[];
}

export interface ListenerTlsConfig {
  /** Names it is chosen for; empty where it is the only one, or the one for every other name. */
  readonly serverNames: readonly string[];
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

/** Where requests are forwarded to. */
export interface ReverseProxyConfig extends UpstreamPolicyConfig {
  readonly upstreams: readonly UpstreamAddress[];
  /** The Host sent upstream, a template; undefined passes the client's. */
  readonly host: string | undefined;
  /** Edits of the fields sent upstream (Caddy's `header_up`), after all others; undefined for none. */
  readonly headerUp: FieldEdits | undefined;
  /** Edits of the fields of the upstream's answer (Caddy's `header_down`); undefined for none. */
  readonly headerDown: FieldEdits | undefined;
  /** The method sent upstream; undefined passes the client's. */
  readonly method: string | undefined;
  /** The target sent upstream, as `rewrite`; undefined passes it on. */
  readonly rewrite: string | undefined;
  readonly upstreamTls: UpstreamTlsConfig;
  /** Total attempts for one request, the first included (Pingora's `max_retries`). Default 16. */
  readonly maxAttempts: number;
  readonly timeouts: UpstreamTimeouts;
  readonly keepAlive: {
    /** How long an idle upstream connection is kept. 0 is Bun's own 300 s. */
    readonly idleTimeoutMs: number;
    /** Most idle upstream connections kept (Pingora's `upstream_keepalive_pool_size`). Default 128. */
    readonly poolSize: number;
  };
  /**
   * Which client carries requests by HTTP/1.1 that have no body, or one that is here: our own, which takes a fifth less processor
   * time, or Bun's fetch, for as many as it keeps connections for. Streamed uploads go by fetch in any case. Default exact.
   */
  readonly client: "exact" | "fetch";
  /** Answers of known length up to this many bytes are gathered and keep Content-Length. Default 1 MiB. */
  readonly responseBufferBytes: number;
  readonly websocket: WebSocketConfig;
  /** Proxies whose X-Forwarded-* are believed beside those of the listener, as CIDR texts. Default: none. */
  readonly trustedProxies: readonly string[];
  /**
   * When a reload takes the route or the peer of an open WebSocket or event stream away, it is ended within this time;
   * all of them spread over it (Caddy's `stream_close_delay`). Default 10 s (ours; Caddy: 0, all at once).
   */
  readonly streamCloseDelayMs: number;
}

/** TLS towards the upstream. */
export interface UpstreamTlsConfig {
  /** Name sent (SNI) and verified; undefined is the upstream's own host name. */
  readonly serverName: string | undefined;
  /** False only by `--insecure`: accept any certificate. */
  readonly verify: boolean;
  /** PEM of extra roots (Pingora's `ca_file`), replacing the system's; undefined is the system's. */
  readonly ca: string | undefined;
  /** Client certificate, PEM. */
  readonly clientCert: string | undefined;
  readonly clientKey: string | undefined;
  /** Offer HTTP/2 to a TLS upstream (`--enable-h2`). Default false. */
  readonly http2: boolean;
}

/** Limits on one attempt. 0 is off. There is no total timeout on a request. */
export interface UpstreamTimeouts {
  /** To get a connection (Caddy's `dial_timeout`). Default 3 s. */
  readonly dialMs: number;
  /**
   * From when all of the request was sent to the head of the answer (Caddy's `response_header_timeout`). Without a body
   * that is from when the attempt began, dialling included. Default off.
   */
  readonly responseHeaderMs: number;
  /** Between two pieces of an answer's body (Caddy's `read_timeout`). Default off. */
  readonly readMs: number;
  /** How long the upstream may take nothing of a request's body that is there for it, before it answers (Caddy's `write_timeout`). Default off. */
  readonly writeMs: number;
}

export interface WebSocketConfig {
  /** Largest message either way; past it both sides are closed with 1009. Default 64 MiB. */
  readonly maxMessageBytes: number;
  /**
   * A side that shows no sign of life (data, ping, pong) for this long is taken for dead and the other
   * is closed. Both sides are pinged at half of it. 0 is never. Default 60 s.
   */
  readonly deadAfterMs: number;
  /** From dial to the upstream's 101. Default 30 s; past it 504. */
  readonly handshakeTimeoutMs: number;
}

/** Pingora's `conf.yaml`: what the process does around the proxy. */
export interface ProcessConfig {
  /** Number of workers. Default 1: it works in the process itself; more have processes of their own. */
  readonly threads: number;
  /** A worker with a process of its own that does not react for so long is replaced. 0 is never. Default 10 s (ours). */
  readonly workerHangTimeoutMs: number;
  /** Whether requests are counted. Default true (ours). */
  readonly metrics: boolean;
  /** Default undefined: requests have none. */
  readonly requestId: RequestIdConfig | undefined;
  /** Take part in traces (W3C Trace Context). Default false: its fields pass like any others. */
  readonly traceContext: boolean;
  /** Most requests and WebSockets served at once; the workers share it evenly. 0 is no limit (the default). */
  readonly maxConnections: number;
  /** The same of one client, in each worker; see `ConnectionLimits`. 0 is no limit (the default). */
  readonly maxConnectionsPerIp: number;
  /** What `gatekeeper maintenance` answers with; undefined is a short page of its own. */
  readonly maintenancePage: PageFile | undefined;
  /** Whether it works in the background. The error log, the user, the group and the folder are a daemon's alone. */
  readonly daemon: boolean;
  /** Undefined: none is written. */
  readonly pidFile: string | undefined;
  readonly errorLog: string | undefined;
  readonly user: string | undefined;
  readonly group: string | undefined;
  readonly workingDirectory: string | undefined;
  readonly upgradeSock: string;
  /** After SIGTERM or SIGQUIT: how long requests and sockets may take to end. Default 30 s (Pingora: 300 s). */
  readonly gracePeriodMs: number;
  /** After the grace period: how long closing by force may take. Default 5 s. */
  readonly gracefulShutdownTimeoutMs: number;
  readonly clientBindToIpv4: readonly string[];
  readonly clientBindToIpv6: readonly string[];
  readonly daemonWaitForReady: boolean;
  readonly daemonReadyTimeoutMs: number;
  readonly daemonNotifyTimeoutMs: number;
}

/** How the log is written. It stands beside the `Config`, since it must work before there is one. */
export interface LogConfig {
  readonly level: "error" | "warn" | "info" | "debug" | "trace" | "off";
  /** Undefined: human on a terminal, JSON lines otherwise. */
  readonly format: "human" | "json" | undefined;
}
